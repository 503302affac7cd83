using WanSharp.Runtime.Networks;

namespace WanSharp.Engine;

/// <summary>What one clip cost.</summary>
public sealed record GenerationStatistics
{
    /// <summary>From the call to the last frame that the writer took.</summary>
    public required TimeSpan Total { get; init; }

    /// <summary>The time of each stage that the clip went through.</summary>
    public required IReadOnlyDictionary<GenerationStage, StageTime> Stages { get; init; }

    /// <summary>The denoise steps that were taken; fewer than planned if the clip was resumed.</summary>
    public required int Steps { get; init; }

    /// <summary>How many of them were estimated from earlier ones, and not computed.</summary>
    public int SkippedSteps { get; init; }

    /// <summary>
    /// Whether the clip ran as planned; false if memory forced another strategy meanwhile, which may show in the last bits or at
    /// the seams of tiles.
    /// </summary>
    public bool RanAsPlanned { get; init; } = true;

    /// <summary>The average number of clips that shared a computed step; 0 if none was.</summary>
    public required double MeanBatchSize { get; init; }

    /// <summary>How many clips shared its steps over time, one sample per change.</summary>
    public IReadOnlyList<BatchSizeSample> BatchSizes { get; init; } = [];

    /// <summary>Features (of prompts and images) that were found in a cache.</summary>
    public required int FeatureHits { get; init; }

    /// <summary>Features that were computed.</summary>
    public required int FeatureMisses { get; init; }

    /// <summary>
    /// How the transformer was split into graphs: blocks, too, if the whole network was asked for but was still being compiled when
    /// the clip began.
    /// </summary>
    public CompileMode Compile { get; init; }
}
