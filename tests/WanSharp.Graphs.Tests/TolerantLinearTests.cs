using WanSharp.Tensors;

namespace WanSharp.Graphs.Tests;

public sealed class TolerantLinearTests
{
    [Theory]
    [InlineData(Lowering.Fused, "MatMulIntegerToFloat")]
    [InlineData(Lowering.Plain, "MatMulInteger")]
    public void TolerantLinear_OfOneValueTwice_QuantizesItOnce(Lowering lowering, string product)
    {
        var operators = Operators(new GraphOptions { Lowering = lowering, Quantization = Quantization.EightBit });

        Assert.Single(operators, "QuantizeLinear");
        Assert.Equal(2, operators.Count(op => op == product));
        Assert.DoesNotContain("Gemm", operators);
    }

    [Fact]
    public void TolerantLinear_WithoutQuantization_IsALinear() => Assert.Equal(2, Operators(new GraphOptions()).Count(op => op == "Gemm"));

    [Fact]
    public void Among_SlotsOfAGraph_FindsTheMatricesOfTheCheckpoint()
    {
        var slots = Build(new GraphOptions { Quantization = Quantization.EightBit }).Weights;

        Assert.Equal(
            [
                new QuantizedWeight(
                    new("a.weight", DType.F32, [3, 8]),
                    new("a.weight.int8", DType.I8, [8, 3]),
                    new("a.weight.int8_scale", DType.F32, [3]),
                    Group: 0
                ),
                new QuantizedWeight(
                    new("b.weight", DType.F32, [5, 8]),
                    new("b.weight.int8", DType.I8, [8, 5]),
                    new("b.weight.int8_scale", DType.F32, [5]),
                    Group: 0
                ),
            ],
            QuantizedWeight.Among(slots)
        );
    }

    [Fact]
    public void TolerantLinear_WithAFormatForEachLayer_HasIt()
    {
        var options = new GraphOptions
        {
            Quantization = Quantization.EightBit,
            Layers = new LayerFormats([new("b", new LayerFormat(true, 16))]),
        };

        var quantized = Assert.Single(QuantizedWeight.Among(Build(options, inputs: 32).Weights));

        Assert.Equal(("b.weight", "b.weight.int8_rot16", 16), (quantized.Source.Name, quantized.Codes.Name, quantized.Group));
        string[] products = ["Gemm", "MatMul", "MatMulIntegerToFloat"];
        Assert.Equal(products, Operators(options, 32).Where(products.Contains).Order());
    }

    [Fact]
    public void Rotated_GroupsThatDivideTheInputs_AreTheLargest()
    {
        Assert.Equal(new LayerFormat(true, 256), LayerFormat.Rotated(1536));
        Assert.Equal(new LayerFormat(true, 64), LayerFormat.Rotated(192));
        Assert.Null(LayerFormat.Rotated(24));
    }

    [Fact]
    public void Within_APrefix_NamesLayersWithoutIt()
    {
        var all = new LayerFormats([new("blocks.1.ffn.0", LayerFormat.EightBit), new("blocks.10.ffn.0", new LayerFormat(true, 64))]);

        Assert.Equal(new LayerFormats([new("ffn.0", LayerFormat.EightBit)]), all.Within("blocks.1."));
        Assert.Equal(LayerFormats.None, all.Within("blocks.2."));
        Assert.Equal(LayerFormat.Exact, all.Of("blocks.1.ffn.2"));
    }

    private static List<string> Operators(GraphOptions options, long inputs = 8) =>
        [.. GraphBuilderTests.Parse(Build(options, inputs)).Graph.Node.Select(node => node.OpType)];

    private static OnnxGraph Build(GraphOptions options, long inputs = 8)
    {
        var g = new GraphBuilder("test", options);
        var x = g.Input("x", DType.F32, ["batch", "tokens", inputs]);
        g.Output("one", g.TolerantLinear(x, "a", 3));
        g.Output("other", g.TolerantLinear(x, "b", 5));
        return g.Build();
    }
}
