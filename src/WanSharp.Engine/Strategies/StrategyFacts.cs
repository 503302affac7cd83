using WanSharp.Engine.Memory;

namespace WanSharp.Engine.Strategies;

/// <summary>
/// What the choice of a <see cref="Strategy"/> depends on: a model's sizes and a clip's. All in bytes unless stated otherwise.
/// </summary>
public sealed record StrategyFacts
{
    /// <summary>The transformer's blocks.</summary>
    public required int Blocks { get; init; }

    /// <summary>A block's weights as they are stored, on average: some may be larger, such as those that a control takes part in.</summary>
    public required long StoredBlock { get; init; }

    /// <summary>The largest block's; at least the average.</summary>
    public long LargestStoredBlock
    {
        get => Math.Max(field, StoredBlock);
        init;
    }

    /// <summary>A block's weights as they are computed with, on average.</summary>
    public required long ComputedBlock { get; init; }

    /// <inheritdoc cref="LargestStoredBlock"/>
    public long LargestComputedBlock
    {
        get => Math.Max(field, ComputedBlock);
        init;
    }

    /// <summary>Whether they differ, so that a block is widened before it runs.</summary>
    public required bool Widens { get; init; }

    /// <summary>The transformer's weights outside the blocks.</summary>
    public required long OtherWeights { get; init; }

    /// <summary>What the text encoder holds while it is loaded: its mapped weights and its own memory.</summary>
    public required long TextEncoder { get; init; }

    /// <summary>What it holds when its blocks are streamed.</summary>
    public long StreamedTextEncoder { get; init; }

    /// <summary>What the VAE holds once it is compiled, and what enlarges the frames that it decodes.</summary>
    public required long Vae { get; init; }

    /// <summary>What the encoders of images hold once they are loaded, CLIP's and the VAE's; 0 for a clip without images.</summary>
    public long ImageEncoders { get; init; }

    /// <summary>
    /// What a clip holds while it is under way: latents, the sampler's history, text embeddings, and the blocks' keys and values of
    /// them.
    /// </summary>
    public long Clip { get; init; }

    /// <summary>What a run of the text encoder needs in addition.</summary>
    public required long TextActivations { get; init; }

    /// <summary>What encoding the clip's images needs in addition to weights, whole or in tiles.</summary>
    public Func<bool, long> ImageActivations { get; init; } = _ => 0;

    /// <summary>
    /// What a forward pass needs in addition to weights, by the most tokens that a block takes at once; null for all.
    /// </summary>
    public required Func<int?, long> DenoiseActivations { get; init; }

    /// <summary>What a step of decoding needs in addition to weights, whole or in tiles.</summary>
    public required Func<bool, long> DecodeActivations { get; init; }

    /// <summary>
    /// The part of it that is held between steps, whole or in tiles: caches, and pictures that wait for their last tile, larger ones
    /// among them.
    /// </summary>
    public Func<bool, long> DecodeHeld { get; init; } = _ => 0;

    /// <summary>
    /// What enlarging a frame, or a tile of it, needs in addition to weights and to what is held while a clip is decoded.
    /// </summary>
    public Func<bool, long> EnhanceActivations { get; init; } = _ => 0;

    /// <summary>Whether tiling is an option: not if the tile size or whole frames were asked for.</summary>
    public bool MayTile { get; init; } = true;

    /// <summary>Tokens of the clip.</summary>
    public required int Tokens { get; init; }

    /// <summary>Whether the processor computes: blocks can then be streamed from the checkpoint, and be run in pieces.</summary>
    public required bool IsOnHost { get; init; }

    /// <summary>
    /// What a block takes that stays in the memory that computes: on the host it is read where it is stored, a device has it as it is
    /// computed with.
    /// </summary>
    internal long ResidentBlock => IsOnHost ? StoredBlock : ComputedBlock;

    /// <inheritdoc cref="ResidentBlock"/>
    internal long LargestResidentBlock => IsOnHost ? LargestStoredBlock : LargestComputedBlock;

    /// <summary>Whether the memory that computes also has room for what blocks are widened into; for a device the host has.</summary>
    internal bool WidensHere => Widens && IsOnHost;

    /// <summary>What the program holds, or what a device's driver and the libraries on it do.</summary>
    internal MemoryHolding Program => IsOnHost ? new("program", StrategyParts.Base) : new("driver and libraries", StrategyParts.DeviceBase);

    /// <summary>Whether the packed network of <see cref="Runtime.Networks.CompileMode.Whole"/> is on disk already.</summary>
    public bool IsPacked { get; init; }

    /// <summary>Whether the clip asks for something that runs in blocks alone, such as a guidance of the attention.</summary>
    public bool RunsInBlocks { get; init; }
}
