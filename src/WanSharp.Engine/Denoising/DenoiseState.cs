using WanSharp.Engine.Sampling;
using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>One clip on its way from noise to latents: all that a step needs of it and changes.</summary>
/// <remarks>Not thread-safe. Owns the latents and the contexts; the clean frames stay the caller's.</remarks>
internal sealed class DenoiseState : IDisposable
{
    /// <param name="sampler">Walks the latents; at its first step.</param>
    /// <param name="guidanceScale">How strongly to follow the prompt.</param>
    /// <param name="contexts">Text features for each branch, the prompt's first: <c>[1, text length, text dim]</c>. Disposed with the state.</param>
    /// <param name="clean">Latent frames that are given.</param>
    /// <param name="noise">Where the latents begin, <c>[1, channels, frames, height, width]</c>. Disposed with the state.</param>
    public DenoiseState(ISampler sampler, float guidanceScale, IReadOnlyList<Tensor> contexts, CleanFrames clean, Tensor noise)
    {
        Sampler = sampler;
        GuidanceScale = guidanceScale;
        Contexts = contexts;
        Clean = clean;
        Latents = noise;
        clean.PutInto(Latents);
    }

    public Tensor Latents { get; }

    public IReadOnlyList<Tensor> Contexts { get; }

    public CleanFrames Clean { get; }

    public ISampler Sampler { get; }

    public float GuidanceScale { get; }

    public bool Done => Sampler.NextStep == Sampler.StepCount;

    public void Dispose()
    {
        Latents.Dispose();
        foreach (var context in Contexts)
        {
            context.Dispose();
        }
    }
}
