using System.Numerics.Tensors;

namespace WanSharp.Engine.Sampling;

/// <summary>
/// UniPC of order 2 with B₂(h), predicting the clean latents m = x − σ·v (Zhao et al., arXiv 2302.04867), as in
/// Wan-Video/Wan2.1:wan/utils/fm_solvers_unipc.py. From the second step on, each evaluation first corrects the sample
/// that the step before predicted, then predicts the next one. The first and the last prediction are of order 1.
/// </summary>
internal sealed class UniPcSampler(SigmaSchedule schedule) : FlowSampler(schedule, historyLength: 3)
{
    /// <summary>Where the next prediction of the clean latents goes; holds nothing between steps.</summary>
    private float[] _spare = [];

    protected override void AdvanceFrom(int step, ReadOnlySpan<float> velocity, Span<float> latents, float[][] history)
    {
        if (_spare.Length != latents.Length)
        {
            _spare = new float[latents.Length];
        }

        var (now, before, earlier, sample) = (_spare, history[0], history[1], history[2]);
        TensorPrimitives.MultiplyAdd(velocity, -Sigmas[step], latents, now);
        if (step == FirstStep)
        {
            latents.CopyTo(sample);
        }
        else
        {
            Correct(step, now, before, earlier, sample);
        }

        Predict(step, now, before, sample, latents);
        (history[0], history[1], _spare) = (now, before, earlier);
    }

    /// <summary>UniC: carries <paramref name="sample"/> from the step before to this one, knowing the prediction made here.</summary>
    private void Correct(int step, float[] now, float[] before, float[] earlier, float[] sample)
    {
        var (carry, gain, h) = Coefficients(step - 1);
        double towardsEarlier = 0,
            towardsNow = 0.5;
        if (step > FirstStep + 1)
        {
            // ρ₁ + ρ₂ = b₁ and r·ρ₁ + ρ₂ = b₂, the paper's equation for the corrector's weights.
            var decay = 1 - Math.Exp(-h);
            var first = 1 - (decay / h);
            var (b1, b2) = (first / decay, (1 - (2 * first / h)) / decay);
            var r = (Lambda(step - 2) - Lambda(step - 1)) / h;
            var rho = (b1 - b2) / (1 - r);
            (towardsEarlier, towardsNow) = (rho / r, b1 - rho);
        }

        // x ← carry·x + gain·(m₀ + towardsEarlier·(m₁ − m₀) + towardsNow·(m − m₀))
        TensorPrimitives.Multiply(sample, (float)carry, sample);
        TensorPrimitives.MultiplyAdd(before, (float)(gain * (1 - towardsEarlier - towardsNow)), sample, sample);
        TensorPrimitives.MultiplyAdd(earlier, (float)(gain * towardsEarlier), sample, sample);
        TensorPrimitives.MultiplyAdd(now, (float)(gain * towardsNow), sample, sample);
    }

    /// <summary>UniP: fills <paramref name="latents"/> with the sample one step after <paramref name="sample"/>.</summary>
    private void Predict(int step, float[] now, float[] before, float[] sample, Span<float> latents)
    {
        var (carry, gain, h) = Coefficients(step);
        var towardsBefore = step == FirstStep || step == StepCount - 1 ? 0 : 0.5 * h / (Lambda(step - 1) - Lambda(step));

        // x ← carry·x + gain·(m₀ + towardsBefore·(m₁ − m₀))
        TensorPrimitives.Multiply(sample, (float)carry, latents);
        TensorPrimitives.MultiplyAdd(now, (float)(gain * (1 - towardsBefore)), latents, latents);
        TensorPrimitives.MultiplyAdd(before, (float)(gain * towardsBefore), latents, latents);
    }

    /// <summary>For the way from a step's sigma to the next: σ′/σ, (1 − σ′)(1 − e⁻ʰ), and h = λ′ − λ, infinite at the end.</summary>
    private (double Carry, double Gain, double H) Coefficients(int step)
    {
        double sigma = Sigmas[step],
            next = Sigmas[step + 1];
        var h = Lambda(step + 1) - Lambda(step);
        return (next / sigma, (1 - next) * (1 - Math.Exp(-h)), h);
    }
}
