using WanSharp.Engine.Decoding;
using WanSharp.Engine.Features;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Storage;
using WanSharp.Tensors;

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
    public int Lanes { get; init; } = 1;

    /// <summary>Keeps features of prompts and images beyond the process. Default: null, they are in memory alone.</summary>
    public IFeatureStore? Features { get; init; }

    /// <summary>Bytes of features that stay in memory, those used last. Default: 256 MiB.</summary>
    public long FeatureBytes { get; init; } = 256L << 20;

    /// <summary>Whether frames are decoded in tiles. Default: where memory asks for it.</summary>
    public VaeTileChoice VaeTile { get; init; } = VaeTileChoice.Auto;

    /// <summary>
    /// The most bytes that may be used of the memory that computes: a device's, or the host's where the processor computes. The
    /// model runs in whatever way fits (<see cref="Strategies.StrategyChooser"/>). Default: null, no limit of its own.
    /// </summary>
    public long? Memory { get; init; }

    /// <summary>How many compiled graphs stay in memory; those in use do in any case. Default: 64. Range: 0 and up.</summary>
    public int KeepCompiled { get; init; } = new GraphCacheOptions().KeepCompiled;

    /// <summary>
    /// The most bytes of the host's memory. Where the processor computes, the smaller of both counts. Default: null, no limit of
    /// its own.
    /// </summary>
    public long? HostMemory { get; init; }

    /// <summary>
    /// Whether the host's memory that is free, and the limit of the process's control group, count too; with either limit given
    /// they do in any case. They are looked at between clips. Default: false.
    /// </summary>
    public bool FollowsFreeMemory { get; init; }

    /// <summary>
    /// How much is done beforehand for faster runs; all but the default follow the memory that is free. Default:
    /// <see cref="CompileTuning.Default"/>.
    /// </summary>
    public CompileTuning Tuning { get; init; } = CompileTuning.Default;

    /// <summary>
    /// Whether one graph serves all shapes, also where graphs of fixed shapes would be faster or are the provider's habit.
    /// Default: false.
    /// </summary>
    public bool DynamicShapes { get; init; }

    /// <summary>
    /// Whether a transformer of <see cref="Runtime.Networks.CompileMode.Blocks"/> stays one where something is said about memory; otherwise
    /// that is chosen with the strategy, which takes the whole network where it fits and is packed on disk. Default: false.
    /// </summary>
    public bool BlocksOnly { get; init; }

    /// <summary>Keeps what <see cref="CompileTuning.MaxAutotune"/> measured. Default: null, it is measured in each process.</summary>
    public ContentStore? Tunings { get; init; }

    /// <summary>What tells the host's memory. For tests.</summary>
    internal Func<HostMemoryFacts> HostFacts { get; init; } = HostMemoryFacts.Read;

    /// <summary>What measures time. Default: the system's clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Threads for a runtime whose work this many lanes share, so that all of it keeps every core busy and no more.</summary>
    /// <param name="lanes">The lanes.</param>
    /// <param name="cores">The machine's cores.</param>
    public static int ThreadsFor(int lanes, int cores) => Math.Max(1, cores - lanes + 1);

    /// <summary>The most clips that share a step.</summary>
    internal const int LargestBatch = 64;

    private const int MostLanes = 64;

    internal void Validate()
    {
        if (DynamicShapes && Tuning == CompileTuning.ReduceOverhead)
        {
            throw new InvalidRequestException(
                "compile mode",
                "reduce-overhead compiles graphs of fixed shapes, and --dynamic asks for one graph of all shapes: leave out one of them."
            );
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize ?? 1, 1, nameof(BatchSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BatchSize ?? 1, LargestBatch, nameof(BatchSize));
        ArgumentOutOfRangeException.ThrowIfNegative(FeatureBytes, nameof(FeatureBytes));
        ArgumentOutOfRangeException.ThrowIfNegative(KeepCompiled, nameof(KeepCompiled));
        ArgumentOutOfRangeException.ThrowIfLessThan(Memory ?? 1, 1, nameof(Memory));
        ArgumentOutOfRangeException.ThrowIfLessThan(HostMemory ?? 1, 1, nameof(HostMemory));
        ArgumentOutOfRangeException.ThrowIfLessThan(Lanes, 1, nameof(Lanes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Lanes, MostLanes, nameof(Lanes));
    }
}
