using WanSharp.Engine.Enhancing;
using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Enhancing;

/// <summary>Networks that come as ONNX files, and what is found out about them.</summary>
[Collection("alone")]
public sealed class OnnxUpscalerTests(TinyEngine engine) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2, 1, 1)]
    [InlineData(3, 4, 1)] // on squares of pixels
    [InlineData(2, 1, 255)]
    public void Open_OfAFileThatSaysNothing_TriesWhatItDoes(int scale, int multiple, int range)
    {
        using var upscaler = Open(graph => Repeated(graph, ["batch", 3, "height", "width"], scale, multiple, range));

        Assert.Equal((scale, multiple, null), (upscaler.Scale, upscaler.Multiple, upscaler.LargestTile));
        var frame = Frame(24, 16);
        var large = Assert.Single(new FrameUpscaler(upscaler, new(24, 16), new(24 * scale, 16 * scale), tiles: null).Enlarge(frame, Token));
        Assert.Equal(Repeated(frame, 24, 16, scale), large);
    }

    /// <summary>A frame that is larger than the one size goes in tiles, one that is smaller is filled up.</summary>
    [Theory]
    [InlineData(50, 40)]
    [InlineData(10, 8)]
    public void Enlarge_ByANetworkOfOneSize_GivesAnyFrame(int width, int height)
    {
        using var upscaler = Open(graph => Repeated(graph, [1, 3, 24, 32], scale: 2, multiple: 1, range: 1));
        Assert.Equal((24, 32), upscaler.LargestTile);
        var frame = Frame(width, height);
        var tiles = width > 32 ? new VaeTiling(32, 24, 8) : null;

        var large = new FrameUpscaler(upscaler, new(width, height), new(2 * width, 2 * height), tiles).Enlarge(frame, Token).Last();

        Assert.Equal(Repeated(frame, width, height, 2), large);
    }

    [Fact]
    public void Open_OfANetworkThatDoesSomethingElse_SaysWhat()
    {
        Refuses("it takes x F32 [1, 1, height, width]", graph => graph.Input("x", DType.F32, [1, 1, "height", "width"]));
        Refuses("grey for grey", graph => graph.Input("x", DType.F32, [1, 3, "height", "width"]) * 2f);
        Refuses("whole multiple", graph => graph.Slice(graph.Input("x", DType.F32, [1, 3, 32, 32]), 2, 0, 16));
        File.WriteAllText(_folder["text.onnx"], "no network");
        var error = Assert.Throws<CheckpointException>(() =>
            OnnxUpscaler.Open(engine.Runtime, _folder["text.onnx"], new SessionSettings(), Token)
        );
        Assert.Contains("ONNX Runtime cannot run it", error.Message, StringComparison.Ordinal);

        void Refuses(string message, Func<GraphBuilder, GraphValue> write) =>
            Assert.Contains(message, Assert.Throws<CheckpointException>(() => Open(write)).Message, StringComparison.Ordinal);
    }

    private OnnxUpscaler Open(Func<GraphBuilder, GraphValue> write)
    {
        var graph = new GraphBuilder("upscaler", new GraphOptions { Lowering = Lowering.Plain });
        graph.Output("large", write(graph));
        File.WriteAllBytes(_folder["upscaler.onnx"], graph.Build().ToBytes());
        return OnnxUpscaler.Open(engine.Runtime, _folder["upscaler.onnx"], new SessionSettings(), Token);
    }

    /// <summary>Repeats pixels; colours beyond half of the range are cut if they go to another than the network's.</summary>
    private static GraphValue Repeated(GraphBuilder graph, Dim[] shape, int scale, int multiple, int range)
    {
        var x = graph.Input("x", DType.F32, shape);
        var split = multiple == 1 ? x : PixelShuffled(graph, x, multiple);
        var clamped = range == 1 ? graph.Clamp(split, 0, 1) : graph.Maximum(split, graph.Scalar(range / 8f));
        return graph.UpsampleNearest(clamped, [1, 1, scale, scale]);
    }

    /// <summary>The same pixels, by way of squares of them.</summary>
    private static GraphValue PixelShuffled(GraphBuilder graph, GraphValue x, int size)
    {
        var shape = x.Shape;
        var rows = graph.Reshape(x, [shape[0], shape[1], shape[2] / size, size, shape[3] / size, size]);
        return graph.Reshape(rows, [shape[0], shape[1], shape[2] / size * size, shape[3] / size * size]);
    }

    private static byte[] Frame(int width, int height)
    {
        var frame = new byte[3 * width * height];
        new Random(3).NextBytes(frame);
        return [.. frame.Select(value => (byte)(64 + (value / 2)))];
    }

    private static byte[] Repeated(byte[] frame, int width, int height, int scale)
    {
        var large = new byte[frame.Length * scale * scale];
        for (var y = 0; y < height * scale; y++)
        {
            for (var x = 0; x < width * scale; x++)
            {
                frame.AsSpan(3 * ((y / scale * width) + (x / scale)), 3).CopyTo(large.AsSpan(3 * ((y * width * scale) + x)));
            }
        }

        return large;
    }
}
