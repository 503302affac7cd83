using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>The graph of a network that enlarges frames, with its weights.</summary>
/// <remarks>Thread-safe. It is written when it is first asked for.</remarks>
public sealed class UpscalerGraphs
{
    /// <summary>The input: frames [batch, 3, height, width], red, green and blue from 0 to 1.</summary>
    public const string Input = "frames";

    /// <summary>The output: frames [batch, 3, scale · height, scale · width], a little beyond 0 and 1 at most.</summary>
    public const string Output = "enlarged";

    private const int Colors = 3;

    private readonly Lazy<OnnxGraph> _enlarge;

    /// <param name="config">The network's dimensions.</param>
    /// <param name="options">How the graph is written.</param>
    public UpscalerGraphs(UpscalerConfig config, GraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        config.Validate();
        _enlarge = new(() => Write(config, options));
    }

    /// <summary>Enlarges frames.</summary>
    public OnnxGraph Enlarge => _enlarge.Value;

    /// <summary>All weights.</summary>
    public IEnumerable<WeightSlot> Weights => Enlarge.Weights;

    private static OnnxGraph Write(UpscalerConfig config, GraphOptions options)
    {
        var multiple = (Dim)config.Multiple;
        var graph = new GraphBuilder($"upscaler-{config.Kind.ToString().ToLowerInvariant()}", options);
        var frames = graph.Input(
            Input,
            DType.F32,
            ["batch", Colors, "height", "width"],
            $"Red, green and blue from 0 to 1; sides are multiples of {multiple}."
        );
        var enlarged = config.Kind switch
        {
            UpscalerKind.Rrdb => RrdbNet.Apply(graph, config, frames),
            UpscalerKind.Span => SpanNet.Apply(graph, config, frames),
            UpscalerKind.Compact => CompactNet.Apply(graph, config, frames),
            _ => throw new GraphException($"There is no network of the kind {config.Kind}."),
        };
        graph.Output(Output, enlarged);
        return graph.Build();
    }
}
