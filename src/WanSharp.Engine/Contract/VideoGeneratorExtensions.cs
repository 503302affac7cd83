using WanSharp.Engine.Planning;
using WanSharp.Media.Clips;

namespace WanSharp.Engine;

/// <summary>Shorter ways to call an <see cref="IVideoGenerator"/>.</summary>
public static class VideoGeneratorExtensions
{
    /// <summary>Makes the video of a plan.</summary>
    /// <param name="generator">The generator.</param>
    /// <param name="plan">From <see cref="IVideoGenerator.Plan"/>.</param>
    /// <param name="frames">Receives the frames as they are decoded; the caller completes it.</param>
    /// <param name="progress">Receives every step and every decoded frame.</param>
    /// <param name="cancellationToken">Takes effect within a step.</param>
    public static Task GenerateAsync(
        this IVideoGenerator generator,
        GenerationPlan plan,
        IFrameWriter frames,
        IProgress<GenerationProgress>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(generator);
        return generator.GenerateAsync(plan, frames, new GenerationRunOptions { Progress = progress }, cancellationToken);
    }
}
