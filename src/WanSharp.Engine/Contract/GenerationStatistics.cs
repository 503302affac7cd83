using WanSharp.Runtime.Networks;

namespace WanSharp.Engine;

/// <summary>What one clip cost.</summary>
public sealed record GenerationStatistics
{
    /// <summary>From the call to the last frame that the writer took.</summary>
    public required TimeSpan Total { get; init; }

    /// <summary>The time of each stage that the clip went through.</summary>
    public required IReadOnlyDictionary<GenerationStage, StageTime> Stages { get; init; }

    /// <summary>Denoise steps that were taken; fewer than planned when the clip was resumed.</summary>
    public required int Steps { get; init; }

    /// <summary>
    /// Whether it was made in the way that its plan says; false where memory asked for another one meanwhile, which may show in
    /// the last bits, or at the seams of tiles.
    /// </summary>
    public bool RanAsPlanned { get; init; } = true;

    /// <summary>Clips that shared a step, on average; 0 when no step was taken.</summary>
    public required double MeanBatchSize { get; init; }

    /// <summary>How many clips shared its steps over time, a sample for each change.</summary>
    public IReadOnlyList<BatchSizeSample> BatchSizes { get; init; } = [];

    /// <summary>Features (of prompts and images) that were at hand.</summary>
    public required int FeatureHits { get; init; }

    /// <summary>Features that were computed.</summary>
    public required int FeatureMisses { get; init; }

    /// <summary>
    /// What of the transformer was one graph: blocks, too, where the whole network was wanted and still being compiled as the
    /// clip began.
    /// </summary>
    public CompileMode Compile { get; init; }
}
