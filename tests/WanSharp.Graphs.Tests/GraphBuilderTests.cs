using WanSharp.Graphs.Onnx;
using WanSharp.Tensors;

namespace WanSharp.Graphs.Tests;

public sealed class GraphBuilderTests
{
    private readonly GraphBuilder _graph = new("test", new GraphOptions());

    [Fact]
    public void Operators_OnShapesThatDoNotFit_NameOperationOperandsAndShapes()
    {
        var x = _graph.Input("x", DType.F32, ["batch", "tokens", 8]);
        var y = _graph.Input("y", DType.F32, ["batch", 3, 4, 4]);
        var ids = _graph.Input("ids", DType.I64, ["batch"]);

        Refused(
            "blocks.0.Add: lengths 8 and 4 do not broadcast. Given: x F32 [batch, tokens, 8]; y F32 [batch, 3, 4, 4].",
            () =>
            {
                using var scope = _graph.Scope("blocks.0");
                return x + y;
            }
        );
        Refused("Add: the types differ. Given: x F32 [batch, tokens, 8]; ids I64 [batch].", () => x + ids);
        Refused("Reshape: the elements do not fill [batch, tokens, 9]. Given: x", () => _graph.Reshape(x, ["batch", "tokens", 9]));
        Refused("Transpose: [0, 1] is not an order of 3 dimensions.", () => _graph.Transpose(x, [0, 1]));
        Refused("MatMul: the inner lengths or the types differ.", () => _graph.MatMul(x, x));
        Refused("Concat: the values must have one type and be alike but in dimension 2.", () => _graph.Concat([x, y], -1));
        Refused("Slice: entries 6 to 9 are not within dimension 2.", () => _graph.Slice(x, -1, 6, 3));
        Refused("Slice: there is no dimension 3.", () => _graph.Slice(x, 3, 0, 1));
        Refused("Split: parts of [3, 4] do not make up dimension 2.", () => _graph.Split(x, 2, [3, 4]));
        Refused("Chunk: dimension 1 does not divide into 2 parts.", () => _graph.Chunk(x, 1, 2));
        Refused("Pad: 2 and 2 paddings for 3 dimensions.", () => _graph.Pad(x, [0, 1], [0, 1]));
        Refused("UpsampleNearest: [2] are not factors for 3 dimensions.", () => _graph.UpsampleNearest(x, [2]));
        Refused("Expand: the shape [1, tokens, 8] does not contain it.", () => _graph.Expand(x, [1, "tokens", 8]));
        Refused("Gather: rows are picked from a table by integers.", () => _graph.Gather(x, y));
        Refused("Where: a Bool chooses between two values of one type.", () => _graph.Where(x, x, x));
        Refused("Attention: q, k and v do not go together in 3 heads.", () => _graph.Attention(x, x, x, heads: 3));
        Refused("Rope: the tables must be [tokens, head_dim / 2] for 2 heads.", () => _graph.Rope(x, 2, x, x));
        Refused("conv.Conv: a kernel of [3, 3] needs [batch, channels, …]", () => _graph.Conv2d(x, "conv", 4, 3));
        Refused("conv.Conv: a kernel of [5, 5] does not fit.", () => _graph.Conv2d(y, "conv", 4, kernel: 5));
        Refused("q.Linear: the innermost length must be known.", () => _graph.Linear(_graph.Transpose(x, [0, 2, 1]), "q", 4));
    }

    [Fact]
    public void Shapes_OfConvolutions_FollowKernelStrideAndPadding()
    {
        var image = _graph.Input("image", DType.F32, ["batch", 3, "height", "width"]);

        var padded = _graph.Pad(image, [0, 0, 0, 0], [0, 0, 1, 1]);
        Assert.Equal(
            [image.Shape[0], 6, image.Shape[2] / 2, image.Shape[3] / 2],
            _graph.Conv2d(padded, "c", 6, kernel: 3, stride: 2).Shape
        );
        Assert.Equal([image.Shape[0], 3, image.Shape[2] * 2, image.Shape[3] * 2], _graph.UpsampleNearest(image, [1, 1, 2, 2]).Shape);
    }

    [Fact]
    public void Reshape_ToTheSameShape_AddsNothing()
    {
        var x = _graph.Input("x", DType.F32, ["batch", 4]);

        Assert.Same(x, _graph.Reshape(x, ["batch", 4]));
    }

    [Fact]
    public void Length_WithoutASource_IsNamed()
    {
        var x = _graph.Input("x", DType.F32, [1, 4]);

        Refused("'tokens' is needed when the graph runs, but no input shows it.", () => _graph.Expand(x, ["tokens", 4]));
    }

    [Fact]
    public void Weight_DeclaredTwice_IsOneWeightOfOneShape()
    {
        using var scope = _graph.Scope("blocks.3");
        var weight = _graph.Weight("norm.weight", [4]);

        Assert.Equal("blocks.3.norm.weight", weight.Name);
        Assert.Same(weight, _graph.Weight("norm.weight", [4]));
        Refused("was declared before as", () => _graph.Weight("norm.weight", [5]));
    }

    [Fact]
    public void Name_UsedTwice_IsRefused()
    {
        _graph.Input("x", DType.F32, [1]);

        Refused("The name 'x' is taken in the graph 'test'", () => _graph.Input("x", DType.F32, [1]));
    }

    [Fact]
    public void Nodes_AreNamedByTheirPathInTheNetwork()
    {
        var x = _graph.Input("x", DType.F32, [2, 4]);
        using (_graph.Scope("blocks.0"))
        {
            _graph.Output("y", _graph.Linear(x, "ffn.0", 8));
        }

        Assert.Equal(["blocks.0.ffn.0/Gemm"], Parse(_graph.Build()).Graph.Node.Select(node => node.Name));
        Assert.Equal(["blocks.0.ffn.0.weight", "blocks.0.ffn.0.bias"], _graph.Build().Weights.Select(weight => weight.Name));
    }

    [Fact]
    public void Compute_InF16_KeepsNormsAndTheResidualInF32()
    {
        var g = new GraphBuilder("test", new GraphOptions { Compute = DType.F16, Lowering = Lowering.Plain });
        var x = g.Input("x", DType.F32, ["batch", "tokens", 8]);

        var y = g.Linear(g.LayerNorm(x, "norm", 1e-6f), "q", 8);
        var attended = g.Attention(y, y, y, heads: 2);

        Assert.Equal(DType.F16, y.DType);
        Assert.Equal(DType.F16, attended.DType);
        Assert.Equal(DType.F32, g.RmsNorm(y, "norm_q", 1e-6f).DType);
        Assert.Equal(DType.F32, (x + attended).DType);
        g.Output("out", x + attended);
        Assert.Equal([DType.F32, DType.F32, DType.F16, DType.F16, DType.F32], g.Build().Weights.Select(weight => weight.DType));
    }

    [Fact]
    public void Compute_InF32_CastsNothing()
    {
        var x = _graph.Input("x", DType.F32, ["batch", "tokens", 8]);
        var y = _graph.Linear(_graph.LayerNorm(x, "norm", 1e-6f), "q", 8);
        _graph.Output("out", x + _graph.Attention(y, y, y, heads: 2));

        Assert.DoesNotContain("Cast", Parse(_graph.Build()).Graph.Node.Select(node => node.OpType));
    }

    [Fact]
    public void Compute_InIntegers_IsRefused() =>
        Assert.Throws<GraphException>(() => new GraphBuilder("test", new GraphOptions { Compute = DType.I8 }));

    [Fact]
    public void Probes_AreOutputsOnlyWhenWanted()
    {
        string[] Outputs(bool probes)
        {
            var g = new GraphBuilder("test", new GraphOptions { Probes = probes });
            var x = g.Probe("middle", g.Silu(g.Input("x", DType.F32, [2])));
            g.Output("y", x);
            return [.. g.Build().Outputs.Select(output => output.Name)];
        }

        Assert.Equal(["y"], Outputs(probes: false));
        Assert.Equal(["middle", "y"], Outputs(probes: true));
    }

    [Fact]
    public void Build_WithoutAnOutput_IsRefused() => Assert.Throws<GraphException>(_graph.Build);

    internal static ModelProto Parse(OnnxGraph graph) => ModelProto.Parser.ParseFrom(graph.ToBytes());

    private static void Refused(string message, Func<object> action) =>
        Assert.Contains(message, Assert.Throws<GraphException>(action).Message, StringComparison.Ordinal);
}
