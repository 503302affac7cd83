using WanSharp.Graphs.Onnx;
using WanSharp.Tensors;

namespace WanSharp.Graphs.Tests;

/// <summary>Graphs in narrow types, for providers that have kernels for all operators and for those that have few.</summary>
public sealed class NarrowOperatorsTests
{
    private static readonly string[] Moving = ["Cast", "Concat", "Gather", "Identity", "Reshape", "Slice", "Split", "Transpose"];

    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public void Moves_OfEveryNetwork_LeaveNarrowTypesToOperatorsThatMove(DType compute)
    {
        var options = new GraphOptions { Compute = compute, NarrowOperators = NarrowOperators.Moves };

        foreach (
            var graph in TinyNetworks
                .All(options)
                .Where(graph => compute == DType.BF16 || !graph.Name.StartsWith("umt5", StringComparison.Ordinal))
        )
        {
            var model = ModelProto.Parser.ParseFrom(graph.ToBytes());
            var narrow = Narrow(model.Graph);
            foreach (var node in model.Graph.Node.Where(node => !Moving.Contains(node.OpType)))
            {
                Assert.DoesNotContain(node.Input.Concat(node.Output), narrow.Contains);
            }
        }
    }

    [Fact]
    public void Island_WithinF16_ComputesInF32()
    {
        var g = new GraphBuilder("test", new GraphOptions { Compute = DType.F16 });
        var x = g.Input("x", DType.F32, [2, 4]);
        GraphValue inside;
        using (g.Island())
        {
            inside = g.Linear(x, "inside", 4);
        }

        Assert.Equal((DType.F32, DType.F16), (inside.DType, g.Linear(x, "outside", 4).DType));
    }

    [Theory]
    [InlineData(NarrowOperators.All)]
    [InlineData(NarrowOperators.Moves)]
    public void Roundings_OfALongestWay_AreCounted(NarrowOperators narrow)
    {
        var g = new GraphBuilder("test", new GraphOptions { Compute = DType.BF16, NarrowOperators = narrow });
        var x = g.Input("x", DType.F32, [2, 4]);

        var once = g.Cast(x, DType.BF16);
        var product = g.Linear(x, "one", 4); // what it is given, then what it gives
        var activated = g.GeluTanh(product);
        var moved = g.Transpose(activated, [1, 0]);
        var sum = x + g.Transpose(moved, [1, 0]); // in F32

        Assert.Equal((0, 1, 2), (x.Roundings, once.Roundings, product.Roundings));
        Assert.Equal((3, 3, 3), (activated.Roundings, moved.Roundings, sum.Roundings));
    }

    [Theory]
    [InlineData(DType.F16, 1)]
    [InlineData(DType.BF16, 1)]
    [InlineData(DType.BF16, 12)]
    public void RoundingError_OfProductsThatAreRoundedEachTime_HoldsThem(DType dtype, int roundings)
    {
        const int Count = 10_000;
        var random = new Random(1);
        var (worst, largest) = (0.0, 0.0);
        for (var i = 0; i < Count; i++)
        {
            var exact = 1 + random.NextDouble();
            var rounded = (float)exact;
            for (var turn = 0; turn < roundings; turn++)
            {
                var factor = (float)Round((float)(0.9 + (0.2 * random.NextDouble())), dtype);
                exact *= factor;
                rounded = Round(rounded * factor, dtype);
            }

            worst = Math.Max(worst, Math.Abs(exact - rounded));
            largest = Math.Max(largest, exact);
        }

        var limit = RoundingError.Of(dtype, roundings, Count);
        Assert.InRange(worst / largest, limit / 10, limit);
        Assert.Equal(0, RoundingError.Of(DType.F32, roundings, Count));
    }

    private static float Round(float value, DType dtype) => dtype == DType.F16 ? (float)(Half)value : (float)(BFloat16)value;

    /// <summary>The values of a graph that are narrow, by what makes them and what they are made of.</summary>
    private static HashSet<string> Narrow(GraphProto graph)
    {
        int[] types = [(int)TensorProto.Types.DataType.Float16, (int)TensorProto.Types.DataType.Bfloat16];
        HashSet<string> narrow =
        [
            .. graph.Input.Where(input => types.Contains(input.Type.TensorType.ElemType)).Select(input => input.Name),
            .. graph.Initializer.Where(constant => types.Contains(constant.DataType)).Select(constant => constant.Name),
        ];
        foreach (var node in graph.Node)
        {
            var isNarrow =
                node.OpType == "Cast"
                    ? types.Contains((int)node.Attribute.Single(attribute => attribute.Name == "to").I)
                    : Moving.Contains(node.OpType) && narrow.Contains(node.Input[0]);
            if (isNarrow)
            {
                narrow.UnionWith(node.Output);
            }
        }

        return narrow;
    }
}
