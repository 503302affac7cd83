using WanSharp.Engine.Denoising;
using WanSharp.Engine.Noise;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Sampling;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>Where denoising starts: at noise, at a snapshot, or at another clip's steps.</summary>
internal static class ClipStart
{
    private const uint OrderStream = 1001; // docs/noise.md

    /// <param name="clip">The clip.</param>
    /// <param name="branches">The text features of each branch.</param>
    /// <param name="images">What the given images say about the clip.</param>
    /// <param name="adapters">The clip's LoRAs; null for none.</param>
    /// <returns>The state before the next step; the caller disposes it.</returns>
    /// <exception cref="SnapshotMismatchException">The snapshot is another clip's.</exception>
    public static DenoiseState Of(ClipRun clip, IReadOnlyList<Tensor> branches, ImageConditions images, ClipAdapters? adapters)
    {
        var plan = clip.Plan;
        var sampler = Samplers.Create(plan.Settings.ToSamplerOptions(plan.Sampler));
        var guidance = StepGuidance.Of(plan.Settings, sampler.Timesteps);
        var state = new DenoiseState(sampler, guidance, branches, images, Noise(plan), plan.Settings.Boundary, adapters)
        {
            SlowedFrequency = plan.Settings.Riflex,
            MovingWindows = plan.Windows,
            Cache = clip.Options.StepCache?.Invoke(plan) ?? plan.StepCache?.Create(),
            Trial = clip.Options.Trial,
        };
        try
        {
            if (clip.Options.Resume is { } snapshot)
            {
                ClipIdentity.Restore(snapshot, plan, state);
            }
            else if (clip.Options.Start is { } start)
            {
                state.Begin(start.Latents, start.Reused.Steps);
            }

            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    private static Tensor Noise(GenerationPlan plan)
    {
        var noise = Tensor.Zeros(DType.F32, plan.Latents);
        new NoiseGenerator(plan.Settings.Seed).Fill(noise.Write<float>());
        if (plan.Windows is { } windows)
        {
            var order = new float[plan.LatentFrames];
            new NoiseGenerator(plan.Settings.Seed, OrderStream).Fill(order);
            windows.At(0).ShareNoise((int)plan.Latents[1], noise.Write<float>(), order);
        }

        return noise;
    }
}
