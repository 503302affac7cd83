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
                    new("a.weight.int8_scale", DType.F32, [3])
                ),
                new QuantizedWeight(
                    new("b.weight", DType.F32, [5, 8]),
                    new("b.weight.int8", DType.I8, [8, 5]),
                    new("b.weight.int8_scale", DType.F32, [5])
                ),
            ],
            QuantizedWeight.Among(slots)
        );
    }

    private static List<string> Operators(GraphOptions options) =>
        [.. GraphBuilderTests.Parse(Build(options)).Graph.Node.Select(node => node.OpType)];

    private static OnnxGraph Build(GraphOptions options)
    {
        var g = new GraphBuilder("test", options);
        var x = g.Input("x", DType.F32, ["batch", "tokens", 8]);
        g.Output("one", g.TolerantLinear(x, "a", 3));
        g.Output("other", g.TolerantLinear(x, "b", 5));
        return g.Build();
    }
}
