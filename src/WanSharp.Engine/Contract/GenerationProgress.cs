namespace WanSharp.Engine;

/// <summary>The progress of a generation.</summary>
/// <param name="Stage">What runs now.</param>
/// <param name="Done">Completed units of the stage: denoise steps, or decoded frames; while loading, blocks whose weights are being
/// converted, which happens once.</param>
/// <param name="Total">All units of the stage.</param>
public readonly record struct GenerationProgress(GenerationStage Stage, int Done, int Total)
{
    /// <summary>How many of the denoise steps that are done were estimated from earlier ones, and not computed.</summary>
    public int Skipped { get; init; }
}
