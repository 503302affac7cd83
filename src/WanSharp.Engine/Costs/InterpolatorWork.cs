using WanSharp.Engine.Enhancing;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;

namespace WanSharp.Engine.Costs;

/// <summary>What making frames between frames costs, counted on the graph that runs on the CPU.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class InterpolatorWork(InterpolatorConfig config)
{
    private const int Colors = 3;
    private const double Order = 8 / 7.0; // as with a VAE: the library's order of nodes, and blocks that are kept

    private readonly OnnxGraph _graph = new InterpolatorGraphs(config, new GraphOptions { Weights = WeightStorage.Initializers }).Between;

    /// <summary>The network's weights.</summary>
    public IEnumerable<WeightSlot> Weights => _graph.Weights;

    /// <summary>Making frames.</summary>
    /// <param name="size">Their size.</param>
    /// <param name="frames">How many are made.</param>
    public GraphWork Make(ClipSize size, int frames) => (frames * _graph.CountWork(Lengths(size))) with { WeightBytes = 0 };

    /// <summary>What a run holds, and what is held between two.</summary>
    /// <param name="size">The frames' size.</param>
    public (long Step, long Held) Memory(ClipSize size)
    {
        var frame = sizeof(float) * (long)Colors * FilledFrames.Side(size.Width) * FilledFrames.Side(size.Height);
        return ((long)(_graph.CountWork(Lengths(size)).PeakBytes * Order) + (2 * frame), frame);
    }

    private static Dictionary<string, long> Lengths(ClipSize size) =>
        new()
        {
            ["batch"] = 1,
            ["height"] = FilledFrames.Side(size.Height),
            ["width"] = FilledFrames.Side(size.Width),
        };
}
