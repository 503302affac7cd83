namespace WanSharp.Engine;

/// <summary>How a generator shares the machine among clips.</summary>
public sealed record EngineOptions
{
    /// <summary>Clips that share a denoise step at most. Default: null, as many as measurements show to pay. Range: 1 to 64.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Lanes that compute at the same time, over one set of mapped weights and the runtime's one thread pool. Default: 1. Range: 1 to 64.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>What measures time. Default: the system's clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        const int Most = 64;
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize ?? 1, 1, nameof(BatchSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BatchSize ?? 1, Most, nameof(BatchSize));
        ArgumentOutOfRangeException.ThrowIfLessThan(Workers, 1, nameof(Workers));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Workers, Most, nameof(Workers));
    }
}
