using WanSharp.Graphs.Networks;

namespace WanSharp.Graphs.Tests;

public class WorkTests
{
    private const double TeraFlop = 1e12;

    /// <summary>Wan 2.1 1.3B at 17 frames of 256 × 256: 1,280 tokens that attend to each other and to 512 rows of text.</summary>
    private static readonly Dictionary<string, long> Lengths = new()
    {
        ["batch"] = 1,
        ["groups"] = 1,
        ["tokens"] = 1280,
        ["text_rows"] = 512,
        ["frames"] = 5,
        ["height"] = 32,
        ["width"] = 32,
    };

    [Theory]
    [InlineData(Lowering.Fused)]
    [InlineData(Lowering.Plain)]
    public void CountOperations_OfABlock_IsTheFormula(Lowering lowering)
    {
        const double Tokens = 1280,
            Text = 512,
            Dim = 1536,
            Ffn = 8960;
        var selfAttention = (4 * 2 * Tokens * Dim * Dim) + (2 * 2 * Tokens * Tokens * Dim);
        var crossAttention = (2 * 2 * Tokens * Dim * Dim) + (2 * 2 * Text * Dim * Dim) + (2 * 2 * Tokens * Text * Dim);
        var feedForward = 2 * 2 * Tokens * Dim * Ffn;

        var options = new GraphOptions { Lowering = lowering };
        var work =
            WanTransformer.Keys(new TransformerConfig(), options).CountOperations(Lengths)
            + WanTransformer.Block(new TransformerConfig(), options).CountOperations(Lengths);

        Assert.Equal(selfAttention + crossAttention + feedForward, work);
        Assert.Equal(3.77 * TeraFlop, 30 * work, 0.01 * TeraFlop);
    }

    [Fact]
    public void CountOperations_OfTheWholeNetwork_IsThatOfItsParts()
    {
        var config = new TransformerConfig { Layers = 3 };
        var options = new GraphOptions();
        var head = 2.0 * 1280 * config.Dim * config.OutChannels * config.PatchSize.Volume;
        var block =
            WanTransformer.Keys(config, options).CountOperations(Lengths) + WanTransformer.Block(config, options).CountOperations(Lengths);
        var parts =
            WanTransformer.Context(config, options).CountOperations(Lengths)
            + WanTransformer.Embed(config, options).CountOperations(Lengths)
            + (3 * block)
            + head;

        Assert.Equal(parts, WanTransformer.Whole(config, options).CountOperations(Lengths), tolerance: 1); // sums of doubles
    }

    [Fact]
    public void CountOperations_OfAConvolution_IsTheFormula()
    {
        var builder = new GraphBuilder("convolution", new GraphOptions());
        var x = builder.Input("x", WanSharp.Tensors.DType.F32, ["batch", 16, "height", "width"]);
        builder.Output("y", builder.Conv2d(x, "conv", outChannels: 24, kernel: 3, stride: 2, padding: 1));

        var work = builder.Build().CountOperations(Lengths);

        Assert.Equal(2.0 * (16 * 9) * 24 * 16 * 16, work);
    }

    [Theory]
    [InlineData(WeightStorage.Initializers, Lowering.Fused, 0.547)]
    [InlineData(WeightStorage.Initializers, Lowering.Plain, 1.0)]
    [InlineData(WeightStorage.Inputs, Lowering.Fused, 1.0)]
    public void CountOperations_OfADecoderStep_IsLessWhereConvolutionsAreRewritten(WeightStorage weights, Lowering lowering, double share)
    {
        var direct = WanVae.DecodeNext(VaeConfig.Wan21, new GraphOptions { RewriteConvolutions = false }).CountOperations(Lengths);

        var work = WanVae.DecodeNext(VaeConfig.Wan21, new GraphOptions { Weights = weights, Lowering = lowering }).CountOperations(Lengths);

        Assert.Equal(share, work / direct, tolerance: 0.01);
    }

    [Fact]
    public void CountOperations_WithoutALength_NamesIt()
    {
        var graph = WanTransformer.Block(new TransformerConfig(), new GraphOptions());

        var error = Assert.Throws<GraphException>(() =>
            graph.CountOperations(new Dictionary<string, long> { ["batch"] = 1, ["text_rows"] = 9 })
        );

        Assert.Contains("'tokens'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CountWork_OfABlock_TellsProductsFromAttention()
    {
        const double Tokens = 1280,
            Text = 512,
            Dim = 1536;

        var block = WanTransformer.Block(new TransformerConfig(), new GraphOptions());
        var work = block.CountWork(Lengths);

        Assert.Equal(2 * 2 * Tokens * (Tokens + Text) * Dim, work.Attention);
        Assert.Equal(block.CountOperations(Lengths), work.Operations);
        Assert.Equal(block.Weights.Sum(slot => 4.0 * slot.Shape.ElementCount), work.WeightBytes);
    }

    [Fact]
    public void CountWork_OfOtherOperators_IsTheBytesThatTheyReadAndWrite()
    {
        var g = new GraphBuilder("moves", new GraphOptions());
        var x = g.Input("x", WanSharp.Tensors.DType.F32, ["tokens", 4]);
        var sum = g.Silu(g.Reshape(x, [2, "tokens", 2])); // a reshape moves nothing
        g.Output("y", sum * 2f); // nor does a constant

        var work = g.Build().CountWork(new Dictionary<string, long> { ["tokens"] = 10 });

        const double Value = 10 * 4 * sizeof(float);
        Assert.Equal(4 * Value, work.MovedBytes);
        Assert.Equal(0, work.Operations);
        Assert.Equal(Value, work.PeakBytes); // the product may write over its operand
    }

    [Fact]
    public void CountWork_OfAProductWithASmallTable_IsBytesAsWell()
    {
        var g = new GraphBuilder("combined", new GraphOptions());
        var x = g.Input("x", WanSharp.Tensors.DType.F32, [2, "tokens"]);
        g.Output("y", g.MatMul(g.Constant([1f, 1f, 1f, -1f], [2, 2]), x));

        var work = g.Build().CountWork(new Dictionary<string, long> { ["tokens"] = 10 });

        Assert.Equal(2 * 2 * 2 * 10, work.Products);
        Assert.Equal(2 * 2 * 10 * sizeof(float), work.MovedBytes);
    }

    [Fact]
    public void CountWork_OfAChain_HoldsWhatIsStillRead()
    {
        var g = new GraphBuilder("chain", new GraphOptions());
        var x = g.Input("x", WanSharp.Tensors.DType.F32, ["tokens", 1]);
        var a = g.Tanh(x);
        var b = g.Tanh(a);
        g.Output("y", g.Tanh(g.Tanh(b)) + a); // a lives all along, and next to it what is read and what is written

        var work = g.Build().CountWork(new Dictionary<string, long> { ["tokens"] = 1 });

        Assert.Equal(3 * sizeof(float), work.PeakBytes);
    }

    [Fact]
    public void CountWork_ThroughAShapeThatIsOnlyKnownWhenItRuns_HoldsWhatTheViewShows()
    {
        var g = new GraphBuilder("views", new GraphOptions());
        var x = g.Input("x", WanSharp.Tensors.DType.F32, ["batch", "tokens", 4]);
        var wide = g.Tanh(x);
        g.Output("y", g.Tanh(g.Reshape(wide, [x.Shape[0] * x.Shape[1], 2, 2]))); // the library looks the lengths up

        var work = g.Build().CountWork(new Dictionary<string, long> { ["batch"] = 2, ["tokens"] = 1000 });

        const double Value = 2 * 1000 * 4 * sizeof(float);
        Assert.InRange(work.PeakBytes, 2 * Value, (2 * Value) + 100);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 2 * 3 * 5 * 6)] // the scores
    public void CountWork_OfAttention_HoldsTheKernelsOwnCopies(bool isBiased, int scores)
    {
        var g = new GraphBuilder("attention", new GraphOptions());
        var q = g.Input("q", WanSharp.Tensors.DType.F32, [2, 5, 12]);
        var k = g.Input("k", WanSharp.Tensors.DType.F32, [2, 6, 12]);
        var v = g.Input("v", WanSharp.Tensors.DType.F32, [2, 6, 12]);
        g.Output("y", g.Attention(q, k, v, heads: 3, bias: isBiased ? g.Input("bias", WanSharp.Tensors.DType.F32, [1, 3, 5, 6]) : null));

        var work = g.Build().CountWork(Lengths);

        // the result, and queries, keys and values by heads
        Assert.Equal(((2 * 2 * 12 * (5 + 6)) + scores) * sizeof(float), work.PeakBytes);
    }

    [Fact]
    public void CountWork_WithConstantWeights_CountsNothingThatIsMadeOfThemAlone()
    {
        var (inputs, constants) = (Count(WeightStorage.Inputs), Count(WeightStorage.Initializers));

        const double Kernel = 8 * 16 * 9 * sizeof(float);
        Assert.Equal(inputs.Convolutions, constants.Convolutions);
        Assert.Equal(2 * Kernel, inputs.MovedBytes); // the kernel is read, and its double written
        Assert.Equal(0, constants.MovedBytes);

        static GraphWork Count(WeightStorage storage)
        {
            var g = new GraphBuilder("doubled", new GraphOptions { Weights = storage });
            var kernel = g.Weight("kernel", [8, 16, 3, 3]) * 2f;
            g.Output("y", g.Conv2d(g.Input("x", WanSharp.Tensors.DType.F32, [1, 16, 8, 8]), kernel, bias: null, padding: 1));
            return g.Build().CountWork(Lengths);
        }
    }

    [Fact]
    public void GraphWork_OfSeveralRuns_AddsUpButForMemory()
    {
        var run = new GraphWork
        {
            Products = 1,
            IntegerProducts = 2,
            Attention = 3,
            Convolutions = 4,
            MovedBytes = 5,
            WeightBytes = 6,
            PeakBytes = 7,
        };

        Assert.Equal(run + run, 2 * run);
        Assert.Equal(10, run.Operations);
        Assert.Equal(7, (3 * run).PeakBytes);
        Assert.Equal(GraphWork.None, 0 * run);
    }
}
