using System.Numerics.Tensors;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Sampling;
using WanSharp.Engine.StepCaches;
using WanSharp.Runtime.Adapters;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Engine.Denoising;

/// <summary>One clip on its way from noise to latents: all that a step needs of it and changes.</summary>
/// <remarks>Not thread-safe. Owns the latents and the contexts; the images' conditions stay the caller's.</remarks>
internal sealed class DenoiseState : IDisposable
{
    private readonly double? _boundary;
    private readonly ClipAdapters? _adapters;

    /// <param name="sampler">Walks the latents; at its first step.</param>
    /// <param name="guidance">How to follow the prompt in each step.</param>
    /// <param name="contexts">Text features for each branch, the prompt's first: <c>[1, text length, text dim]</c>. Disposed with the
    /// state.</param>
    /// <param name="images">What images say about the clip.</param>
    /// <param name="noise">Noise of variance 1, which the latents begin with as the sampler wants it, <c>[1, channels, frames, height,
    /// width]</c>. Disposed with the state.</param>
    /// <param name="boundary">Where the high-noise expert hands over, as a share of the timesteps; null where there is one
    /// transformer.</param>
    /// <param name="adapters">The clip's LoRAs; null for none. They stay the caller's.</param>
    public DenoiseState(
        ISampler sampler,
        StepGuidance guidance,
        IReadOnlyList<Tensor> contexts,
        ImageConditions images,
        Tensor noise,
        double? boundary = null,
        ClipAdapters? adapters = null
    )
    {
        (_boundary, _adapters) = (boundary, adapters);
        Sampler = sampler;
        Guidance = guidance;
        Projection = guidance.Projected is { } projected ? new ProjectedVelocity(projected) : null;
        Contexts = contexts;
        Branches = [.. contexts.Select(context => new BranchContext(context, images.ImageFeatures))];
        Images = images;
        Latents = noise;
        if (sampler.NoiseScale != 1)
        {
            TensorPrimitives.Multiply(noise.Read<float>(), sampler.NoiseScale, noise.Write<float>());
        }

        images.Frames.PutInto(Latents);
    }

    public Tensor Latents { get; }

    public IReadOnlyList<Tensor> Contexts { get; }

    /// <summary>What each branch attends to, the prompt's first.</summary>
    public IReadOnlyList<BranchContext> Branches { get; }

    public ImageConditions Images { get; }

    public ISampler Sampler { get; }

    public StepGuidance Guidance { get; }

    /// <summary>The frequency in time that is slowed down (RIFLEx), from 1; null for none.</summary>
    public int? SlowedFrequency { get; init; }

    /// <summary>The windows that the network sees the clip in, by step; null where it sees all frames at once.</summary>
    public MovingWindows? MovingWindows { get; init; }

    /// <summary>Those of the next step.</summary>
    public FrameWindows? Windows => MovingWindows?.At(Sampler.NextStep);

    /// <summary>How many the next step has.</summary>
    public int WindowCount => Windows?.All.Count ?? 1;

    /// <summary>The shape of the latents in a row of a forward pass.</summary>
    public Shape RowShape => Windows?.ShapeOf(Latents.Shape) ?? Latents.Shape;

    /// <summary>What guidance remembers of earlier steps; null where it remembers nothing.</summary>
    public ProjectedVelocity? Projection { get; }

    /// <summary>Estimates some steps; null where all are computed.</summary>
    public StepCache? Cache { get; init; }

    /// <summary>Other layers in 8-bit integers; null for those that the transformer was compiled with.</summary>
    public LayerTrial? Trial { get; init; }

    /// <summary>Whether the next step is estimated: it needs no pass of the network.</summary>
    public bool SkipsNext => Cache is { } cache && !Done && BranchesNow > 0 && cache.Skips(Sampler.NextStep, Latents.Read<float>());

    /// <summary>How many branches the next step has.</summary>
    public int BranchesNow => Guidance.BranchesAt(Sampler.NextStep);

    /// <summary>The timestep of the next step.</summary>
    public float Timestep => Sampler.Timesteps[Sampler.NextStep];

    /// <summary>Whether the next step is the high-noise expert's.</summary>
    public bool IsHighNoise => _boundary is { } boundary && ExpertBoundary.IsHighNoise(Timestep, boundary);

    /// <summary>The LoRAs of the next step; null where none acts.</summary>
    public AdapterUse? Adapter => _adapters?.At(Sampler.NextStep, IsHighNoise);

    /// <summary>Whether the step after the next one is the high-noise expert's; null when there is none.</summary>
    public bool? IsHighNoiseAfterwards =>
        Sampler.NextStep + 1 < Sampler.StepCount
            ? _boundary is { } boundary && ExpertBoundary.IsHighNoise(Sampler.Timesteps[Sampler.NextStep + 1], boundary)
            : null;

    public bool Done => Sampler.NextStep == Sampler.StepCount;

    /// <summary>Gets each step's estimate of the clean clip; null if nothing shows them.</summary>
    public CleanEstimate? Estimate { get; set; }

    /// <summary>Goes on where another state stood.</summary>
    /// <param name="latents">Its latents.</param>
    /// <param name="sampler">What its sampler remembered.</param>
    /// <param name="average">What its guidance remembered; null for nothing.</param>
    /// <param name="cache">What its step cache remembered; null where it had none.</param>
    /// <exception cref="ArgumentException">Latents, sampler, guidance or step cache are not this clip's.</exception>
    public void Restore(ReadOnlySpan<float> latents, SamplerState sampler, float[]? average = null, StepCacheState? cache = null)
    {
        var length = Latents.Shape.ElementCount;
        var buffers = sampler.History.Append(average).Concat(Cache?.KeepsLatents is true ? cache?.Arrays ?? [] : []);
        if (latents.Length != length || buffers.Any(buffer => buffer is not null && buffer.Length != length))
        {
            throw new ArgumentException($"{latents.Length} latents do not fill {Latents.Shape}.", nameof(latents));
        }

        if (average is not null && Projection is null)
        {
            throw new ArgumentException("The clip's guidance remembers nothing of earlier steps.", nameof(average));
        }

        if (cache is null != Cache is null)
        {
            throw new ArgumentException("One of the two clips has a step cache, and the other has none.", nameof(cache));
        }

        Sampler.Restore(sampler);
        if (cache is not null)
        {
            Cache!.Restore(cache);
        }

        Projection?.Restore(average);
        latents.CopyTo(Latents.Write<float>());
    }

    /// <summary>Begins at a later step, with the latents of another clip.</summary>
    public void Begin(ReadOnlySpan<float> latents, int step)
    {
        Sampler.Begin(step);
        latents.CopyTo(Latents.Write<float>());
        Images.Frames.PutInto(Latents);
    }

    /// <summary>Writes what a row of the network is given: latents, and the channels that images join to them.</summary>
    public void FillRow(int window, Span<float> row)
    {
        foreach (var part in new[] { Latents, Images.Channels }.OfType<Tensor>())
        {
            var values = part.Read<float>();
            var length = (int)(Windows?.ShapeOf(part.Shape) ?? part.Shape).ElementCount;
            if (Windows is { } windows)
            {
                windows.Take(window, (int)part.Shape[1], values, row[..length]);
            }
            else
            {
                values.CopyTo(row);
            }

            row = row[length..];
        }
    }

    /// <summary>The timestep of each latent frame of a row: 0 where it is given.</summary>
    public void FillTimesteps(int window, Span<float> perFrame)
    {
        if (Windows is not { } windows)
        {
            Images.Frames.FillTimesteps(Timestep, perFrame);
            return;
        }

        var all = new float[Latents.Shape[2]];
        Images.Frames.FillTimesteps(Timestep, all);
        windows.Take(window, channels: 1, all, perFrame);
    }

    /// <summary>Frees what only steps need; there will be no more.</summary>
    public void ForgetContexts()
    {
        foreach (var branch in Branches)
        {
            branch.Dispose();
        }

        foreach (var context in Contexts)
        {
            context.Dispose();
        }
    }

    public void Dispose()
    {
        Latents.Dispose();
        ForgetContexts();
    }
}
