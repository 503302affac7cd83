using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;

namespace WanSharp.Engine.Reuse;

/// <summary>Keeps the latents of one clip at the steps from which others may go on, until it is denoised.</summary>
internal sealed class StepRecorder(StepStore store, string peers, GenerationPlan plan, float[] embedding)
{
    private readonly Dictionary<int, float[]> _latents = [];

    /// <summary>Looks at the clip between two steps.</summary>
    public void Offer(DenoiseState state)
    {
        if (store.Keeps(state.Sampler.NextStep, state.Sampler.StepCount))
        {
            _latents[state.Sampler.NextStep] = state.Latents.Read<float>().ToArray();
        }
    }

    /// <summary>Hands over what it has.</summary>
    public void Keep() => store.Add(peers, plan.Settings.Prompt, embedding, _latents);
}
