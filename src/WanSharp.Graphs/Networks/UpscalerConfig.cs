namespace WanSharp.Graphs.Networks;

/// <summary>The dimensions of a network that enlarges frames.</summary>
public sealed record UpscalerConfig
{
    private const int Colors = 3;
    private const int Widest = 1 << 10;
    private const int MostBlocks = 200;

    /// <summary>The blocks of every <see cref="UpscalerKind.Span"/>.</summary>
    public const int SpanBlocks = 6;

    /// <summary>The most that <see cref="Scale"/> can be.</summary>
    public const int LargestScale = 8;

    /// <summary>How it is built.</summary>
    public required UpscalerKind Kind { get; init; }

    /// <summary>How many times as wide and as high the frames become.</summary>
    public required int Scale { get; init; }

    /// <summary>Channels between the layers.</summary>
    public required int Features { get; init; }

    /// <summary>
    /// Dense blocks of three (<see cref="UpscalerKind.Rrdb"/>), convolutions in the middle (<see cref="UpscalerKind.Compact"/>), or blocks.
    /// </summary>
    public required int Blocks { get; init; }

    /// <summary>Channels that each layer of a dense block adds; of no meaning for other kinds.</summary>
    public int Growth { get; init; }

    /// <summary>Whether a <see cref="UpscalerKind.Span"/> shifts and scales colours first; of no meaning for other kinds.</summary>
    public bool IsCentred { get; init; }

    /// <summary>
    /// A frame's sides must be multiples of it: <see cref="UpscalerKind.Rrdb"/> makes channels of squares of pixels where it enlarges
    /// by less than 4.
    /// </summary>
    public int Multiple => Kind == UpscalerKind.Rrdb ? RrdbNet.OwnScale / Scale : 1;

    /// <summary>Channels of what goes into the first layer.</summary>
    public int InChannels => Colors * Multiple * Multiple;

    /// <summary>Checks that the dimensions go together.</summary>
    /// <exception cref="GraphException">They do not.</exception>
    public void Validate()
    {
        var isRrdb = Kind == UpscalerKind.Rrdb;
        if (
            Features is < 1 or > Widest
            || Blocks is < 0 or > MostBlocks
            || Scale is < 1 or > LargestScale
            || (Kind == UpscalerKind.Span && Blocks != SpanBlocks)
            || (isRrdb && (Growth is < 1 or > Widest || Blocks == 0 || Scale is not (1 or 2 or RrdbNet.OwnScale)))
        )
        {
            throw new GraphException($"No network that enlarges frames has these dimensions: {this}.");
        }
    }
}
