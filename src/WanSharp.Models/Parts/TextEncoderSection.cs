using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>A umT5 encoder's dimensions under their official names (wan/modules/t5.py).</summary>
internal sealed record TextEncoderSection
{
    /// <summary>The file next to the description; a fixture says it elsewhere.</summary>
    public string? File { get; init; }

    public required int Vocab { get; init; }

    public required int Dim { get; init; }

    public required int DimAttn { get; init; }

    public required int DimFfn { get; init; }

    public required int NumHeads { get; init; }

    public required int NumLayers { get; init; }

    public required int NumBuckets { get; init; }

    public bool SharedPos { get; init; }

    /// <param name="source">The file, for errors.</param>
    public Umt5Config ToConfiguration(string source) =>
        SharedPos
            ? throw new CheckpointException(
                source,
                "shared_pos belongs to T5; Wan's text encoder is umT5, which has positions in each block."
            )
            : Described.Valid(
                source,
                new Umt5Config
                {
                    Vocabulary = Vocab,
                    Dim = Dim,
                    AttentionDim = DimAttn,
                    FfnDim = DimFfn,
                    Heads = NumHeads,
                    Layers = NumLayers,
                    Buckets = NumBuckets,
                },
                configuration => configuration.Validate()
            );
}
