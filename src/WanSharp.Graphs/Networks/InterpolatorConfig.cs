namespace WanSharp.Graphs.Networks;

/// <summary>The dimensions of a network that makes frames between frames: RIFE's IFNet from version 4.5 on.</summary>
public sealed record InterpolatorConfig
{
    /// <summary>A frame's sides are filled up to multiples of it.</summary>
    public const int Multiple = 64;

    /// <summary>What a block estimates for each pixel: where it comes from in both frames, and which of them counts.</summary>
    internal const int FlowAndMask = 5;

    private const int Widest = 1 << 10;
    private const int MostLayers = 64;

    /// <summary>Channels of each block, from the coarsest to the finest: 4, or 5 where blocks pass features on.</summary>
    public required IReadOnlyList<int> Widths { get; init; }

    /// <summary>Residual convolutions of a block.</summary>
    public int Layers { get; init; } = 8;

    /// <summary>What is made of each frame beforehand.</summary>
    public required InterpolatorHead Head { get; init; }

    /// <summary>Channels inside of that.</summary>
    public int HeadWidth { get; init; }

    /// <summary>Channels that come out of it.</summary>
    public int HeadFeatures { get; init; }

    /// <summary>What a block makes for each pixel: 5 or 6 numbers, or 5 and the features that the next block takes.</summary>
    public required int BlockOutputs { get; init; }

    /// <summary>Features that a block passes on to the next.</summary>
    public int PassedFeatures => BlockOutputs > FlowAndMask + 1 ? BlockOutputs - FlowAndMask : 0;

    /// <summary>By how much the frames are reduced for each block.</summary>
    public IEnumerable<int> Scales => Widths.Select((_, block) => 1 << (Widths.Count - 1 - block));

    /// <summary>The versions that are built so, for people.</summary>
    public string Versions =>
        (Head, PassedFeatures) switch
        {
            (InterpolatorHead.None, _) => BlockOutputs == FlowAndMask ? "4.5" : "4.6",
            (InterpolatorHead.TwoLayers, _) => "4.7 to 4.9",
            (InterpolatorHead.Sequence, _) => "4.10 to 4.12",
            (_, 0) => "4.13 to 4.17",
            _ => "4.25 and 4.26",
        };

    /// <summary>Checks that the dimensions are those of a known version.</summary>
    /// <exception cref="GraphException">They are not.</exception>
    public void Validate()
    {
        var blocks = PassedFeatures == 0 ? 4 : 5;
        var isHeaded = Head != InterpolatorHead.None;
        var fits =
            Widths.Count == blocks
            && Widths.All(width => width is >= 2 and <= Widest && width % 2 == 0)
            && Layers is >= 1 and <= MostLayers
            && (isHeaded ? HeadWidth is >= 1 and <= Widest && HeadFeatures is >= 1 and <= Widest : HeadFeatures == 0)
            && (PassedFeatures == 0 ? BlockOutputs is FlowAndMask or FlowAndMask + 1 : Head == InterpolatorHead.Named)
            && BlockOutputs <= Widest
            && (!isHeaded || BlockOutputs > FlowAndMask);
        if (!fits)
        {
            throw new GraphException(
                "no known version of RIFE has these dimensions: "
                    + $"blocks of {string.Join(", ", Widths)} channels, {Layers} layers, a head of the kind {Head}, {BlockOutputs} "
                    + "outputs. "
                    + "Versions 4.5 to 4.17, 4.25 and 4.26 are supported."
            );
        }
    }
}
