using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.Costs;

/// <summary>What enlarging frames costs, counted on the graph that runs on the CPU.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class UpscalerWork
{
    private const int Colors = 3;
    private const int Overlap = 32; // pixels that neighbouring tiles share
    private const long RoomyBytes = 384L << 20;
    private const long TightBytes = 64L << 20;
    private const double Order = 8 / 7.0; // as with a VAE: the library's order of nodes, and blocks that are kept

    private static readonly int[] Sizes = [512, 384, 256, 192, 128, 96]; // pixels of a tile's side

    private readonly UpscalerConfig _config;
    private readonly OnnxGraph _graph;

    public UpscalerWork(UpscalerConfig config)
    {
        _config = config;
        _graph = new UpscalerGraphs(config, new GraphOptions { Weights = WeightStorage.Initializers }).Enlarge;
    }

    /// <summary>The network's weights.</summary>
    public IEnumerable<WeightSlot> Weights => _graph.Weights;

    /// <summary>The tiles for frames of a size; null for whole frames.</summary>
    /// <param name="from">The frames that come.</param>
    /// <param name="isTight">Whether memory is short.</param>
    public VaeTiling? TilesFor(ClipSize from, bool isTight)
    {
        var most = isTight ? TightBytes : RoomyBytes;
        if (StepBytes(from.Height, from.Width) <= most)
        {
            return null;
        }

        var size = Array.Find(Sizes, side => StepBytes(side, side) <= most) is var fitting and > 0 ? fitting : Sizes[^1];
        var tiling = new VaeTiling(size / _config.Multiple, size / _config.Multiple, Overlap / _config.Multiple);
        return tiling.Count(Positions(from.Height), Positions(from.Width)) > 1 ? tiling : null;
    }

    /// <summary>Enlarging frames.</summary>
    /// <param name="from">The frames that come.</param>
    /// <param name="tiles">Their tiles; null for whole frames.</param>
    /// <param name="frames">How many they are.</param>
    public GraphWork Enlarge(ClipSize from, VaeTiling? tiles, int frames)
    {
        var (rows, columns) = (Positions(from.Height), Positions(from.Width));
        var (covered, across) = tiles is null ? (rows, columns) : (Covered(tiles.Rows(rows)), Covered(tiles.Columns(columns)));
        var work = _graph.CountWork(Lengths(covered * _config.Multiple, across * _config.Multiple));
        return (frames * work) with { WeightBytes = 0 }; // constants, read with the others' operands
    }

    /// <summary>What a step holds, and what is held from the first step to the last.</summary>
    /// <param name="from">The frames that come.</param>
    /// <param name="to">The frames that are wanted.</param>
    /// <param name="tiles">Their tiles; null for whole frames.</param>
    public (long Step, long Held) Memory(ClipSize from, ClipSize to, VaeTiling? tiles)
    {
        var (rows, columns) = (Positions(from.Height), Positions(from.Width));
        (rows, columns) = tiles?.LargestTile(rows, columns) ?? (rows, columns);
        var whole = (long)Colors * from.Width * from.Height * _config.Scale * _config.Scale;
        var sums = tiles is null ? 0 : sizeof(float) * whole;
        var resized = to == from.Enlarged(_config.Scale, null) ? 0 : 2L * Colors * to.Width * to.Height;
        return (StepBytes(rows * _config.Multiple, columns * _config.Multiple) + whole + resized, sums);
    }

    /// <summary>What a run on a whole frame or a tile holds, what goes in and comes out included.</summary>
    private long StepBytes(long height, long width)
    {
        var (rows, columns) = (Positions(height) * _config.Multiple, Positions(width) * _config.Multiple);
        return (long)(_graph.CountWork(Lengths(rows, columns)).PeakBytes * Order);
    }

    private long Positions(long length) => (length + _config.Multiple - 1) / _config.Multiple;

    /// <summary>The positions of all tiles along one dimension: more than there are, because neighbours share some.</summary>
    private static long Covered(IReadOnlyList<TileSpan> spans) => spans.Sum(span => span.Length);

    private static Dictionary<string, long> Lengths(long height, long width) =>
        new()
        {
            ["batch"] = 1,
            ["height"] = height,
            ["width"] = width,
        };
}
