namespace WanSharp.Engine.Sampling;

/// <summary>
/// Score-regularized consistency models (rCM, Zheng et al., arXiv 2510.08431), which make a clip in 1 to 4 steps. With noise each step is
/// x ← (1 − t′)(x − t·v) + t′·ε; without, x ← x − (t − t′)·v, "sharper but less robust". A walk begins at t₀·ε, not at ε.
/// </summary>
/// <remarks>
/// Source: thu-ml/TurboDiffusion:turbodiffusion/inference/wan2.2_i2v_infer.py and NVlabs/rcm:rcm/inference/wan2pt1_t2v_rcm_infer.py. They
/// keep the latents in binary64 between steps; here a step computes in binary64 and rounds what it leaves, which is what a snapshot holds.
/// </remarks>
/// <param name="schedule">The times.</param>
/// <param name="noise">What is added after each step but the last; null to follow the differential equation alone.</param>
internal sealed class RcmSampler(SigmaSchedule schedule, StepNoise? noise) : FlowSampler(schedule, historyLength: 0)
{
    public override float NoiseScale => Sigmas[0];

    protected override void AdvanceFrom(int step, ReadOnlySpan<float> velocity, Span<float> latents, float[][] history)
    {
        double time = Sigmas[step],
            next = Sigmas[step + 1];
        var (keep, reach) = noise is null ? (1.0, time - next) : (1 - next, time);
        for (var i = 0; i < latents.Length; i++)
        {
            latents[i] = (float)(keep * (latents[i] - (reach * velocity[i])));
        }

        if (noise is not null && next > 0)
        {
            noise.Add(step, (float)next, latents);
        }
    }
}
