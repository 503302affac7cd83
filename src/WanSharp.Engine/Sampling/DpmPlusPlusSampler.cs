using System.Numerics.Tensors;

namespace WanSharp.Engine.Sampling;

/// <summary>
/// DPM-Solver++ (2M), midpoint, predicting the clean latents m = x − σ·v (Lu et al., arXiv 2211.01095, algorithm 2),
/// as in Wan-Video/Wan2.1:wan/utils/fm_solvers.py. The first and the last step are of order 1.
/// </summary>
internal sealed class DpmPlusPlusSampler(SigmaSchedule schedule) : FlowSampler(schedule, historyLength: 2)
{
    protected override void AdvanceFrom(int step, ReadOnlySpan<float> velocity, Span<float> latents, float[][] history)
    {
        var (now, before) = (history[1], history[0]);
        TensorPrimitives.MultiplyAdd(velocity, -Sigmas[step], latents, now); // the oldest prediction makes room
        (history[0], history[1]) = (now, before);

        double sigma = Sigmas[step],
            next = Sigmas[step + 1];
        var h = Lambda(step + 1) - Lambda(step); // infinite from σ = 1 and to σ = 0, where e⁻ʰ is 0
        var gain = (1 - next) * (1 - Math.Exp(-h));
        var extrapolation = step == FirstStep || step == StepCount - 1 ? 0 : 0.5 * gain * h / (Lambda(step) - Lambda(step - 1));

        // x ← σ′/σ·x + gain·m₀ + extrapolation·(m₀ − m₁)
        TensorPrimitives.Multiply(latents, (float)(next / sigma), latents);
        TensorPrimitives.MultiplyAdd(now, (float)(gain + extrapolation), latents, latents);
        if (extrapolation != 0)
        {
            TensorPrimitives.MultiplyAdd(before, (float)-extrapolation, latents, latents);
        }
    }
}
