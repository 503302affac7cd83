using WanSharp.Runtime;

namespace WanSharp.Engine;

/// <summary>What a generator has done since it was created, and what it is doing now.</summary>
public sealed record EngineStatistics
{
    /// <summary>Clips under way, including those that are waiting.</summary>
    public required int Clips { get; init; }

    /// <summary>The time spent computing each stage, summed over lanes.</summary>
    public required IReadOnlyDictionary<GenerationStage, TimeSpan> Busy { get; init; }

    /// <summary>The time in which lanes had nothing to compute, summed over lanes, whether or not clips were under way.</summary>
    public required TimeSpan Idle { get; init; }

    /// <summary>Denoise steps of clips: a step that four clips share counts as four.</summary>
    public required long Steps { get; init; }

    /// <summary>How many of them were estimated from earlier ones, and not computed.</summary>
    public long SkippedSteps { get; init; }

    /// <summary>Clips in the most recent step; 0 before the first.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Features (of prompts and images) that were found in a cache.</summary>
    public required long FeatureHits { get; init; }

    /// <summary>Features that were computed.</summary>
    public required long FeatureMisses { get; init; }

    /// <summary>The memory limit, what is reserved, and what is held.</summary>
    public required MemoryUse Memory { get; init; }

    /// <summary>The batch sizes that were measured, for each shape that was denoised.</summary>
    public required IReadOnlyList<BatchFinding> Batches { get; init; }

    /// <summary>How often the networks' graphs were compiled and used.</summary>
    public required IReadOnlyList<GraphStatistics> Graphs { get; init; }
}
