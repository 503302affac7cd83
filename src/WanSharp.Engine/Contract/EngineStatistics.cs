using WanSharp.Runtime;

namespace WanSharp.Engine;

/// <summary>What a generator did since it was made, and what it does now.</summary>
public sealed record EngineStatistics
{
    /// <summary>Clips under way, those that wait included.</summary>
    public required int Clips { get; init; }

    /// <summary>The time that lanes computed for each stage, summed over lanes.</summary>
    public required IReadOnlyDictionary<GenerationStage, TimeSpan> Busy { get; init; }

    /// <summary>The time that lanes had nothing to compute, summed over lanes, while clips were under way or not.</summary>
    public required TimeSpan Idle { get; init; }

    /// <summary>Denoise steps of clips: a step of four clips together counts four.</summary>
    public required long Steps { get; init; }

    /// <summary>Clips in the step that was taken last; 0 before the first.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Features (of prompts and images) that were at hand.</summary>
    public required long FeatureHits { get; init; }

    /// <summary>Features that were computed.</summary>
    public required long FeatureMisses { get; init; }

    /// <summary>The memory that may be used, what is set aside, and what is held.</summary>
    public required MemoryUse Memory { get; init; }

    /// <summary>What was found about the batch sizes of the shapes that were denoised.</summary>
    public required IReadOnlyList<BatchFinding> Batches { get; init; }

    /// <summary>How the networks' graphs were compiled and used.</summary>
    public required IReadOnlyList<GraphStatistics> Graphs { get; init; }
}
