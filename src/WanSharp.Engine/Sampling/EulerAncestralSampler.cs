using System.Numerics.Tensors;

namespace WanSharp.Engine.Sampling;

/// <summary>
/// Euler's method with fresh noise: each step goes further down than the next noise level, to σ″ = σ′²/σ, and back up with noise, so
/// that the variance is that of σ′. The last step adds none.
/// </summary>
/// <remarks>Source: comfyanonymous/ComfyUI:comfy/k_diffusion/sampling.py, <c>sample_euler_ancestral_RF</c>, with η = 1.</remarks>
internal sealed class EulerAncestralSampler(SigmaSchedule schedule, StepNoise noise) : FlowSampler(schedule, historyLength: 0)
{
    protected override void AdvanceFrom(int step, ReadOnlySpan<float> velocity, Span<float> latents, float[][] history)
    {
        double sigma = Sigmas[step],
            next = Sigmas[step + 1];
        var down = next * next / sigma;

        // x − σ·v, and σ″/σ of the way back to x: together x + (σ″ − σ)·v
        TensorPrimitives.MultiplyAdd(velocity, (float)(down - sigma), latents, latents);
        if (next > 0)
        {
            var keep = (1 - next) / (1 - down);
            TensorPrimitives.Multiply(latents, (float)keep, latents);
            noise.Add(step, (float)Math.Sqrt((next * next) - (down * down * keep * keep)), latents);
        }
    }
}
