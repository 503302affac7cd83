using WanSharp.Graphs.Networks;
using WanSharp.Models.Names;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>Tells the dimensions of networks that enlarge frames from their tensors.</summary>
internal static class UpscalerDetection
{
    private const int Colors = 3;

    /// <param name="weights">The tensors under their official names.</param>
    /// <exception cref="CheckpointException">The tensors contradict each other, or it is for other pixels.</exception>
    public static RrdbShape Rrdb(ICheckpoint weights)
    {
        var first = weights.ShapeOf("conv_first.weight", 4); // [features, colours of a square of pixels, 3, 3]
        RequireColors(weights, "conv_last.weight", weights.LengthOf("conv_last.weight"), Colors);
        var scale = first[1] switch
        {
            Colors => RrdbScale,
            4 * Colors => RrdbScale / 2,
            16 * Colors => RrdbScale / 4,
            _ => throw Other(weights, "conv_first.weight", first[1], "3, 12 or 48"),
        };
        return new RrdbShape(
            Valid(
                weights,
                new UpscalerConfig
                {
                    Kind = UpscalerKind.Rrdb,
                    Scale = scale,
                    Features = first[0],
                    Growth = weights.LengthOf("body.0.rdb1.conv1.weight"),
                    Blocks = weights.CountLayers("body."),
                }
            )
        );
    }

    /// <inheritdoc cref="Rrdb"/>
    public static CompactShape Compact(ICheckpoint weights)
    {
        var first = weights.ShapeOf("body.0.weight", 4); // [features, colours, 3, 3]
        RequireColors(weights, "body.0.weight", first[1], Colors);
        var layers = weights.CountLayers("body."); // convolutions and activations by turns, a convolution last
        var last = $"body.{layers - 1}.weight";
        if (layers % 2 == 0)
        {
            throw Other(weights, last, weights.LengthOf(last), "3 times a square (3, 12, 27, 48, …)");
        }

        return new CompactShape(
            Valid(
                weights,
                new UpscalerConfig
                {
                    Kind = UpscalerKind.Compact,
                    Scale = ScaleOf(weights, last),
                    Features = first[0],
                    Blocks = ((layers - 1) / 2) - 1,
                }
            )
        );
    }

    /// <inheritdoc cref="Rrdb"/>
    public static SpanShape Span(ICheckpoint weights)
    {
        const string Last = "upsampler.0.weight";
        var first = weights.ShapeOf("conv_1.sk.weight", 4); // [features, colours, 1, 1]
        RequireColors(weights, "conv_1.sk.weight", first[1], Colors);
        return new SpanShape(
            Valid(
                weights,
                new UpscalerConfig
                {
                    Kind = UpscalerKind.Span,
                    Scale = ScaleOf(weights, Last),
                    Features = first[0],
                    Blocks = UpscalerConfig.SpanBlocks,
                    IsCentred = !weights.Tensors.ContainsKey(SpanNames.NotCentred),
                }
            )
        );
    }

    private static int RrdbScale => 4;

    /// <summary>How much a convolution enlarges that makes all pixels of a larger frame.</summary>
    private static int ScaleOf(ICheckpoint weights, string last)
    {
        var pixels = weights.LengthOf(last);
        var scale = (int)Math.Sqrt(pixels / (double)Colors);
        return pixels == Colors * scale * scale ? scale : throw Other(weights, last, pixels, "3 times a square (3, 12, 27, 48, …)");
    }

    private static void RequireColors(ICheckpoint weights, string tensor, int found, int expected)
    {
        if (found != expected)
        {
            throw Other(weights, tensor, found, $"{expected}");
        }
    }

    private static CheckpointException Other(ICheckpoint weights, string tensor, int found, string expected) =>
        new(weights.Path, tensor, $"it has {found} channels where a network that enlarges colour frames has {expected}.");

    private static UpscalerConfig Valid(ICheckpoint weights, UpscalerConfig config) =>
        Described.Valid(weights.Path, config, described => described.Validate());
}
