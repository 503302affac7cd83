using System.Numerics.Tensors;

namespace WanSharp.Engine.Sampling;

/// <summary>x ← x + (σ′ − σ)·v.</summary>
internal sealed class EulerSampler(SigmaSchedule schedule) : FlowSampler(schedule, historyLength: 0)
{
    protected override void AdvanceFrom(int step, ReadOnlySpan<float> velocity, Span<float> latents, float[][] history) =>
        TensorPrimitives.MultiplyAdd(velocity, Sigmas[step + 1] - Sigmas[step], latents, latents);
}
