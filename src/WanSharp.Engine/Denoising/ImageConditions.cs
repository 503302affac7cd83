using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>What images say about a clip, in the form that its model takes; nothing for text alone.</summary>
/// <remarks>Owns the tensors.</remarks>
internal sealed class ImageConditions : IDisposable
{
    public static ImageConditions None { get; } = new();

    /// <summary>Latent frames that are given instead of denoised (ti2v).</summary>
    public CleanFrames Frames { get; init; } = CleanFrames.None;

    /// <summary>Channels that every step joins to the latents, <c>[1, channels, frames, height, width]</c> (i2v).</summary>
    public Tensor? Channels { get; init; }

    /// <summary>CLIP's rows for cross-attention, <c>[1, clip tokens, clip dim]</c> (Wan 2.1's i2v).</summary>
    public Tensor? ImageFeatures { get; init; }

    public void Dispose()
    {
        Frames.Dispose();
        Channels?.Dispose();
        ImageFeatures?.Dispose();
    }
}
