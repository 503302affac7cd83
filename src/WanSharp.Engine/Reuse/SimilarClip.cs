using WanSharp.Engine.Requests;

namespace WanSharp.Engine.Reuse;

/// <summary>Steps of a clip with a similar prompt, which another clip can start from.</summary>
public sealed class SimilarClip
{
    internal SimilarClip(ReusedSteps reused, float[] latents) => (Reused, Latents) = (reused, latents);

    /// <summary>The clip that they belong to, and their number.</summary>
    public ReusedSteps Reused { get; }

    /// <summary>The latents after these steps.</summary>
    internal float[] Latents { get; }
}
