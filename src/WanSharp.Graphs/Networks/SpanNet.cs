using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// SPAN: six blocks of three convolutions whose result says by its own sign and size how much of itself counts, and a last convolution
/// that makes all pixels of the larger frame.
/// </summary>
/// <remarks>
/// Source: hongyuanyu/SPAN:basicsr/archs/span_arch.py, with its weight names. Its convolutions were trained as several, whose sum
/// <c>eval_conv</c> is.
/// </remarks>
internal static class SpanNet
{
    private const int Colors = 3;
    private const float Range = 255;
    private static readonly float[] MeanColors = [0.4488f, 0.4371f, 0.4040f];

    /// <summary>[batch, 3, height, width] to [batch, 3, scale · height, scale · width], 0 to 1.</summary>
    public static GraphValue Apply(GraphBuilder graph, UpscalerConfig config, GraphValue frames)
    {
        var x = config.IsCentred ? (frames - graph.Constant(MeanColors, [1, Colors, 1, 1])) * Range : frames;
        var first = Convolve(graph, config, x, "conv_1"); // [batch, features, height, width]
        var (made, inner) = Block(graph, config, first, "block_1");
        var afterFirst = made;
        for (var block = 2; block <= UpscalerConfig.SpanBlocks; block++)
        {
            (made, inner) = Block(graph, config, made, $"block_{block}");
        }

        var seen = graph.Concat([first, Convolve(graph, config, made, "conv_2"), afterFirst, inner], axis: 1);
        var joined = graph.Conv2d(seen, "conv_cat", config.Features, kernel: 1);
        var pixels = graph.Conv2d(joined, "upsampler.0", Colors * config.Scale * config.Scale, kernel: 3, padding: 1);
        return PixelShuffle.Apply(graph, graph.Cast(pixels, DType.F32), config.Scale);
    }

    /// <summary>What a block makes, and what its first convolution made.</summary>
    private static (GraphValue Made, GraphValue Inner) Block(GraphBuilder graph, UpscalerConfig config, GraphValue x, string name)
    {
        var inner = graph.Silu(Convolve(graph, config, x, $"{name}.c1_r"));
        var last = Convolve(graph, config, graph.Silu(Convolve(graph, config, inner, $"{name}.c2_r")), $"{name}.c3_r");
        return ((last + x) * (graph.Sigmoid(last) - 0.5f), inner);
    }

    private static GraphValue Convolve(GraphBuilder graph, UpscalerConfig config, GraphValue x, string name) =>
        graph.Conv2d(x, $"{name}.eval_conv", config.Features, kernel: 3, padding: 1);
}
