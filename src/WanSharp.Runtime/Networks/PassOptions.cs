using WanSharp.Graphs;

namespace WanSharp.Runtime.Networks;

/// <summary>What is different in one forward pass from the network as it was trained.</summary>
public sealed record PassOptions
{
    /// <summary>Nothing is.</summary>
    public static PassOptions Plain { get; } = new();

    /// <summary>Blocks that are left out, from 0: what they are given passes by. Default: none.</summary>
    public IReadOnlyList<int> SkippedBlocks { get; init; } = [];

    /// <summary>The frequency in time that is slowed down, from 1 (<see cref="Graphs.Networks.WanTransformer.RopeTables"/>).
    /// Default: null, none.</summary>
    public int? SlowedFrequency { get; init; }

    /// <summary>For each sample the negative prompt that guides its attention, or null. Default: empty, none has one.</summary>
    public IReadOnlyList<NegativeText?> Negatives { get; init; } = [];

    /// <summary>For each sample what it keeps of its last pass, or null. Default: empty, none keeps anything.</summary>
    internal IReadOnlyList<BlockReuse?> Reuse { get; init; } = [];

    /// <summary>The layers that multiply 8-bit integers in this pass alone (<see cref="TransformerOptions.Trials"/>); null for those
    /// that the network was compiled with.</summary>
    internal LayerFormats? Layers { get; init; }

    /// <summary>Whether a network that is one graph can run it.</summary>
    public bool IsPlain => SkippedBlocks.Count == 0 && SlowedFrequency is null && Layers is null && !GuidesAttention && !ReusesBlocks;

    /// <summary>Whether a sample may leave out blocks that would add what they added before.</summary>
    internal bool ReusesBlocks => Reuse.Any(reuse => reuse is not null);

    /// <summary>Whether a sample has a negative prompt of this kind.</summary>
    internal bool GuidesAttention => Negatives.Any(negative => negative is not null);
}
