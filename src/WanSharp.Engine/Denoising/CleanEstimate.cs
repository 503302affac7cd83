using System.Numerics.Tensors;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Engine.Denoising;

/// <summary>What a step takes the clean clip to be: x₀ = x − σ·v.</summary>
/// <remarks>Not thread-safe: a step writes it, and between two steps it is taken out.</remarks>
/// <param name="isWanted">Whether a step is to make one; the last step always does.</param>
internal sealed class CleanEstimate(Func<bool> isWanted)
{
    private Tensor? _latents;

    /// <summary>Makes the estimate of a step that is about to be taken.</summary>
    /// <param name="clip">The clip before the step.</param>
    /// <param name="velocity">The step's velocity, guidance applied.</param>
    public void Take(DenoiseState clip, ReadOnlySpan<float> velocity)
    {
        var sampler = clip.Sampler;
        if (sampler.NextStep < sampler.StepCount - 1 && !isWanted())
        {
            return;
        }

        _latents?.Dispose();
        _latents = Tensor.Zeros(DType.F32, clip.Latents.Shape);
        TensorPrimitives.MultiplyAdd(velocity, -sampler.Sigmas[sampler.NextStep], clip.Latents.Read<float>(), _latents.Write<float>());
        clip.Images.Frames.PutInto(_latents);
    }

    /// <summary>Takes the estimate out, which is the caller's to dispose; null if none was made since.</summary>
    public Tensor? TakeOut()
    {
        var latents = _latents;
        _latents = null;
        return latents;
    }
}
