using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>The graph of a network that makes frames between frames, with its weights.</summary>
/// <remarks>Thread-safe. It is written when it is first asked for.</remarks>
public sealed class InterpolatorGraphs
{
    /// <summary>The input before: [batch, 3, height, width], red, green and blue from 0 to 1.</summary>
    public const string First = "first";

    /// <summary>The input after, alike.</summary>
    public const string Second = "second";

    /// <summary>The input of times, [batch, 1, 1, 1]: 0 for the first frame, 1 for the second.</summary>
    public const string Time = "time";

    /// <summary>The output: the frames at these times.</summary>
    public const string Output = "between";

    private const int Colors = 3;

    private readonly Lazy<OnnxGraph> _between;

    /// <param name="config">The network's dimensions.</param>
    /// <param name="options">How the graph is written.</param>
    public InterpolatorGraphs(InterpolatorConfig config, GraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        config.Validate();
        _between = new(() => Write(config, options));
    }

    /// <summary>Makes a frame between two.</summary>
    public OnnxGraph Between => _between.Value;

    /// <summary>All weights.</summary>
    public IEnumerable<WeightSlot> Weights => Between.Weights;

    private static OnnxGraph Write(InterpolatorConfig config, GraphOptions options)
    {
        var graph = new GraphBuilder("interpolator-rife", options);
        var sides = $"sides are multiples of {InterpolatorConfig.Multiple}";
        var first = graph.Input(First, DType.F32, ["batch", Colors, "height", "width"], $"The frame before, 0 to 1; {sides}.");
        var second = graph.Input(Second, DType.F32, ["batch", Colors, "height", "width"], "The frame after.");
        var time = graph.Input(Time, DType.F32, ["batch", 1, 1, 1], "0 for the first, 1 for the second.");
        graph.Output(Output, IfNet.Apply(graph, config, first, second, time));
        return graph.Build();
    }
}
