using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// RRDBNet, the network of ESRGAN and Real-ESRGAN: dense blocks in threes with shortcuts, then two enlargements by 2. A network for a
/// smaller scale begins with channels made of squares of pixels, so that the same four-fold enlargement is left.
/// </summary>
/// <remarks>Source: XPixelGroup/BasicSR:basicsr/archs/rrdbnet_arch.py, with its weight names.</remarks>
internal static class RrdbNet
{
    /// <summary>How much the network itself enlarges.</summary>
    public const int OwnScale = 4;

    private const int Colors = 3;
    private const int DenseBlocks = 3; // of a block
    private const int DenseLayers = 5;
    private const float Slope = 0.2f;
    private const float Residual = 0.2f; // what a block adds counts for as much

    /// <summary>[batch, 3, height, width] to [batch, 3, scale · height, scale · width], 0 to 1.</summary>
    public static GraphValue Apply(GraphBuilder graph, UpscalerConfig config, GraphValue frames)
    {
        var pixels = config.Multiple == 1 ? frames : PixelShuffle.Undo(graph, frames, config.Multiple);
        var first = Convolve(graph, pixels, "conv_first", config.Features); // [batch, features, height / multiple, width / multiple]
        var x = first;
        for (var block = 0; block < config.Blocks; block++)
        {
            x = Block(graph, config, x, $"body.{block}");
        }

        x = first + Convolve(graph, x, "conv_body", config.Features);
        x = graph.LeakyRelu(graph.UpsampledConv2d(x, "conv_up1", config.Features), Slope);
        x = graph.LeakyRelu(graph.UpsampledConv2d(x, "conv_up2", config.Features), Slope);
        x = graph.LeakyRelu(Convolve(graph, x, "conv_hr", config.Features), Slope);
        return graph.Cast(Convolve(graph, x, "conv_last", Colors), DType.F32);
    }

    private static GraphValue Block(GraphBuilder graph, UpscalerConfig config, GraphValue x, string name)
    {
        var y = x;
        for (var dense = 1; dense <= DenseBlocks; dense++)
        {
            y = Dense(graph, config, y, $"{name}.rdb{dense}");
        }

        return (y * Residual) + x;
    }

    /// <summary>Convolutions that each see what all before them made.</summary>
    private static GraphValue Dense(GraphBuilder graph, UpscalerConfig config, GraphValue x, string name)
    {
        var seen = x;
        for (var layer = 1; layer < DenseLayers; layer++)
        {
            var made = graph.LeakyRelu(Convolve(graph, seen, $"{name}.conv{layer}", config.Growth), Slope);
            seen = graph.Concat([seen, made], axis: 1);
        }

        return (Convolve(graph, seen, $"{name}.conv{DenseLayers}", config.Features) * Residual) + x;
    }

    private static GraphValue Convolve(GraphBuilder graph, GraphValue x, string name, long outChannels) =>
        graph.Conv2d(x, name, outChannels, kernel: 3, padding: 1);
}
