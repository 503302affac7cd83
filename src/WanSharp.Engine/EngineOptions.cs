using WanSharp.Engine.Decoding;
using WanSharp.Engine.Features;
using WanSharp.Runtime;

namespace WanSharp.Engine;

/// <summary>How a generator shares the machine among clips.</summary>
public sealed record EngineOptions
{
    /// <summary>Clips that share a denoise step at most. Default: null, as many as measurements show to pay. Range: 1 to 64.</summary>
    public int? BatchSize { get; init; }

    /// <summary>
    /// Pieces of work that are computed at the same time, over one set of mapped weights and the runtime's one thread pool.
    /// Each brings a thread of its own: give the runtime <see cref="ThreadsFor"/> threads. Small clips gain from it, since a
    /// small matrix keeps few cores busy. Default: 1. Range: 1 to 64.
    /// </summary>
    public int Workers { get; init; } = 1;

    /// <summary>Keeps features of prompts and images beyond the process. Default: null, they are in memory alone.</summary>
    public IFeatureStore? Features { get; init; }

    /// <summary>Bytes of features that stay in memory, those used last. Default: 256 MiB.</summary>
    public long FeatureBytes { get; init; } = 256L << 20;

    /// <summary>Whether frames are decoded in tiles. Default: where memory asks for it.</summary>
    public VaeTileChoice VaeTile { get; init; } = VaeTileChoice.Auto;

    /// <summary>The memory that may be used, in bytes: the model runs in whatever way fits (<see cref="Strategies.StrategyChooser"/>). Default: null, all that the system gives.</summary>
    public long? Memory { get; init; }

    /// <summary>How many compiled graphs stay in memory; those in use do in any case. Default: 64. Range: 0 and up.</summary>
    public int KeepCompiled { get; init; } = new GraphCacheOptions().KeepCompiled;

    /// <summary>What measures time. Default: the system's clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Threads for a runtime whose work so many workers share, so that all of it keeps every core busy and no more.</summary>
    /// <param name="workers">The workers.</param>
    /// <param name="cores">The machine's cores.</param>
    public static int ThreadsFor(int workers, int cores) => Math.Max(1, cores - workers + 1);

    /// <summary>The most clips that share a step.</summary>
    internal const int LargestBatch = 64;

    private const int MostWorkers = 64;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize ?? 1, 1, nameof(BatchSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BatchSize ?? 1, LargestBatch, nameof(BatchSize));
        ArgumentOutOfRangeException.ThrowIfNegative(FeatureBytes, nameof(FeatureBytes));
        ArgumentOutOfRangeException.ThrowIfNegative(KeepCompiled, nameof(KeepCompiled));
        ArgumentOutOfRangeException.ThrowIfLessThan(Memory ?? 1, 1, nameof(Memory));
        ArgumentOutOfRangeException.ThrowIfLessThan(Workers, 1, nameof(Workers));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Workers, MostWorkers, nameof(Workers));
    }
}
