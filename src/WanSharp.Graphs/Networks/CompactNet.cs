using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// SRVGGNetCompact, Real-ESRGAN's small network: convolutions in a row at the size that comes in, the last of which makes all pixels of
/// the larger frame, and the frame itself, its pixels repeated, is added.
/// </summary>
/// <remarks>
/// Source: xinntao/Real-ESRGAN:realesrgan/archs/srvgg_arch.py, with its weight names: places in the sequence <c>body</c>, where
/// activations count and have slopes (PReLU).
/// </remarks>
internal static class CompactNet
{
    private const int Colors = 3;

    /// <summary>[batch, 3, height, width] to [batch, 3, scale · height, scale · width], 0 to 1.</summary>
    public static GraphValue Apply(GraphBuilder graph, UpscalerConfig config, GraphValue frames)
    {
        var x = frames;
        for (var layer = 0; layer <= config.Blocks; layer++)
        {
            x = graph.Conv2d(x, $"body.{2 * layer}", config.Features, kernel: 3, padding: 1);
            x = graph.Prelu(x, graph.Weight($"body.{(2 * layer) + 1}.weight", [config.Features], graph.ConvolutionType));
        }

        var last = graph.Conv2d(x, LastName(config), Colors * config.Scale * config.Scale, kernel: 3, padding: 1);
        var repeated = graph.UpsampleNearest(frames, [1, 1, config.Scale, config.Scale]);
        return PixelShuffle.Apply(graph, graph.Cast(last, DType.F32), config.Scale) + repeated;
    }

    private static string LastName(UpscalerConfig config) => $"body.{2 * (config.Blocks + 1)}";
}
