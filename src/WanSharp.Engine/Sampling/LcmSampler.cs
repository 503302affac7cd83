using System.Numerics.Tensors;

namespace WanSharp.Engine.Sampling;

/// <summary>
/// Consistency sampling: each step predicts the clean latents and makes them noisy again with fresh noise,
/// x ← (1 − σ′)(x − σ·v) + σ′·ε (Luo et al., "Latent consistency models", arXiv 2310.04378, with the path of rectified flow).
/// </summary>
/// <remarks>
/// Source: huggingface/diffusers:scheduling_flow_match_lcm.py, <c>step</c>; the same walk is in tianweiy/CausVid:
/// causvid/models/wan/bidirectional_inference.py, guandeh17/Self-Forcing:pipeline/causal_inference.py and
/// hao-ai-lab/FastVideo:fastvideo/pipelines/stages/denoising.py, <c>DmdDenoisingStage</c>.
/// </remarks>
internal sealed class LcmSampler(SigmaSchedule schedule, StepNoise noise) : FlowSampler(schedule, historyLength: 0)
{
    protected override void AdvanceFrom(int step, ReadOnlySpan<float> velocity, Span<float> latents, float[][] history)
    {
        TensorPrimitives.MultiplyAdd(velocity, -Sigmas[step], latents, latents);
        if (Sigmas[step + 1] is var next and > 0)
        {
            TensorPrimitives.Multiply(latents, 1 - next, latents);
            noise.Add(step, next, latents);
        }
    }
}
