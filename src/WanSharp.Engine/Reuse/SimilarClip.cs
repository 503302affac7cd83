using WanSharp.Engine.Requests;

namespace WanSharp.Engine.Reuse;

/// <summary>Steps of a clip whose prompt is like that of another one, which may begin with them.</summary>
public sealed class SimilarClip
{
    internal SimilarClip(ReusedSteps reused, float[] latents) => (Reused, Latents) = (reused, latents);

    /// <summary>Whose they are, and how many.</summary>
    public ReusedSteps Reused { get; }

    /// <summary>The latents after these steps.</summary>
    internal float[] Latents { get; }
}
