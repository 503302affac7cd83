using WanSharp.Engine.Decoding;
using WanSharp.Engine.Features;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Engine;

/// <summary>How a generator shares the machine among clips.</summary>
public sealed record EngineOptions
{
    /// <summary>
    /// The most clips that share a denoise step. Default: null, as many as measurements show to be worthwhile. Range: 1 to 64.
    /// </summary>
    public int? BatchSize { get; init; }

    /// <summary>
    /// The number of lanes: threads that compute in parallel, over one set of mapped weights and the runtime's thread pool. Give
    /// the runtime <see cref="ThreadsFor"/> threads, as each lane adds its own. Small clips benefit, because a small matrix keeps
    /// few cores busy. Default: 1. Range: 1 to 64.
    /// </summary>
    public int Lanes { get; init; } = 1;

    /// <summary>
    /// Keeps features of prompts and images on disk for other processes. Default: null, they are kept in memory only.
    /// </summary>
    public IFeatureStore? Features { get; init; }

    /// <summary>The bytes of most recently used features that stay in memory. Default: 256 MiB.</summary>
    public long FeatureBytes { get; init; } = 256L << 20;

    /// <summary>Whether frames are decoded in tiles. Default: only where memory is too small for whole frames.</summary>
    public VaeTileChoice VaeTile { get; init; } = VaeTileChoice.Auto;

    /// <summary>
    /// Folders in which decoders, encoders, interpolators and upscalers that clips name are looked for, after the model's own: models
    /// folders of any tool. Default: none.
    /// </summary>
    public IReadOnlyList<string> DecoderFolders { get; init; } = [];

    /// <summary>Finds ffmpeg, which clips may name to interpolate their frames. Default: there is none.</summary>
    public Func<string?> Ffmpeg { get; init; } = () => null;

    /// <summary>
    /// The limit in bytes of the memory that computes: the device's, or the host's on a processor. The model runs by the fastest
    /// strategy that fits (<see cref="Strategies.StrategyChooser"/>). Default: null, no limit.
    /// </summary>
    public long? Memory { get; init; }

    /// <summary>
    /// What was free of the device's memory before the engine took any, in bytes: a limit like <see cref="Memory"/>. Default: null, the
    /// driver does not tell.
    /// </summary>
    public long? FreeDeviceMemory { get; init; }

    /// <summary>How many compiled graphs stay in memory; those in use always do. Default: 64. Range: 0 and up.</summary>
    public int KeepCompiled { get; init; } = new GraphCacheOptions().KeepCompiled;

    /// <summary>
    /// The limit in bytes of the host's memory. On a processor the smaller of the two limits applies. Default: null, no limit.
    /// </summary>
    public long? HostMemory { get; init; }

    /// <summary>
    /// Whether free host memory and the limit of the process's control group apply as well; they always do when either limit is
    /// set. Both are read again between clips. Default: false.
    /// </summary>
    public bool FollowsFreeMemory { get; init; }

    /// <summary>
    /// How much is prepared for faster runs; every value except the default takes free memory into account. Default:
    /// <see cref="CompileTuning.Default"/>.
    /// </summary>
    public CompileTuning Tuning { get; init; } = CompileTuning.Default;

    /// <summary>
    /// Whether one graph serves all shapes, even where graphs of fixed shapes would be faster or are the provider's default.
    /// Default: false.
    /// </summary>
    public bool DynamicShapes { get; init; }

    /// <summary>
    /// Whether the transformer stays split into <see cref="Runtime.Networks.CompileMode.Blocks"/> when a memory limit is set;
    /// otherwise the strategy decides, and takes the whole network where it fits and is already packed on disk. Default: false.
    /// </summary>
    public bool BlocksOnly { get; init; }

    /// <summary>How LoRAs change the transformer. Default: <see cref="LoraMode.Auto"/>.</summary>
    public LoraMode LoraMode { get; init; }

    /// <summary>Keeps what <see cref="CompileTuning.MaxAutotune"/> measured. Default: null, each process measures again.</summary>
    public ContentStore? Tunings { get; init; }

    /// <summary>What presets mean. Default: those that ship, with LoRAs next to the model.</summary>
    public PresetChoice Presets { get; init; } = PresetChoice.Default;

    /// <summary>Reads the host's memory. For tests.</summary>
    internal Func<HostMemoryFacts> HostFacts { get; init; } = HostMemoryFacts.Read;

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// The number of threads for a runtime that this many lanes share: together they keep every core busy, and no more.
    /// </summary>
    /// <param name="lanes">The lanes.</param>
    /// <param name="cores">The machine's cores.</param>
    public static int ThreadsFor(int lanes, int cores) => Math.Max(1, cores - lanes + 1);

    /// <summary>Called by a lane that took a step, before it gives memory back. For tests.</summary>
    internal Action? Stepped { get; init; }

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
