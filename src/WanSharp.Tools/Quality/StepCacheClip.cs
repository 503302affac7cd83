namespace WanSharp.Tools.Quality;

/// <summary>A clip with a step cache, next to the one without.</summary>
/// <param name="Way">The step cache, as it was asked for.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Steps">Its steps.</param>
/// <param name="Computed">How many of them the network computed.</param>
/// <param name="Quality">How near it is to the other one.</param>
/// <param name="Denoise">The time of its steps.</param>
/// <param name="FullDenoise">That of the other one's.</param>
/// <param name="Total">The time of the whole clip.</param>
/// <param name="FullTotal">That of the other one.</param>
public sealed record StepCacheClip(
    string Way,
    string Prompt,
    ulong Seed,
    int Steps,
    int Computed,
    FrameQuality Quality,
    TimeSpan Denoise,
    TimeSpan FullDenoise,
    TimeSpan Total,
    TimeSpan FullTotal
);
