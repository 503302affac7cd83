using WanSharp.Graphs.Networks;

namespace WanSharp.Graphs.Tests;

public class WorkTests
{
    private const double TeraFlop = 1e12;

    /// <summary>Wan 2.1 1.3B at 17 frames of 256 × 256: 1,280 tokens that attend to each other and to 512 rows of text.</summary>
    private static readonly Dictionary<string, long> Lengths = new()
    {
        ["batch"] = 1, ["groups"] = 1, ["tokens"] = 1280, ["text_rows"] = 512, ["frames"] = 5, ["height"] = 32, ["width"] = 32,
    };

    [Theory]
    [InlineData(Lowering.Fused)]
    [InlineData(Lowering.Plain)]
    public void CountOperations_OfABlock_IsTheFormula(Lowering lowering)
    {
        const double Tokens = 1280, Text = 512, Dim = 1536, Ffn = 8960;
        var selfAttention = (4 * 2 * Tokens * Dim * Dim) + (2 * 2 * Tokens * Tokens * Dim);
        var crossAttention = (2 * 2 * Tokens * Dim * Dim) + (2 * 2 * Text * Dim * Dim) + (2 * 2 * Tokens * Text * Dim);
        var feedForward = 2 * 2 * Tokens * Dim * Ffn;

        var options = new GraphOptions { Lowering = lowering };
        var work = WanTransformer.Keys(new TransformerConfig(), options).CountOperations(Lengths) + WanTransformer.Block(new TransformerConfig(), options).CountOperations(Lengths);

        Assert.Equal(selfAttention + crossAttention + feedForward, work);
        Assert.Equal(3.77 * TeraFlop, 30 * work, 0.01 * TeraFlop);
    }

    [Fact]
    public void CountOperations_OfTheWholeNetwork_IsThatOfItsParts()
    {
        var config = new TransformerConfig { Layers = 3 };
        var options = new GraphOptions();
        var head = 2.0 * 1280 * config.Dim * config.OutChannels * config.PatchSize.Volume;
        var block = WanTransformer.Keys(config, options).CountOperations(Lengths) + WanTransformer.Block(config, options).CountOperations(Lengths);
        var parts = WanTransformer.Context(config, options).CountOperations(Lengths) + WanTransformer.Embed(config, options).CountOperations(Lengths) + (3 * block) + head;

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

    [Fact]
    public void CountOperations_WithoutALength_NamesIt()
    {
        var graph = WanTransformer.Block(new TransformerConfig(), new GraphOptions());

        var error = Assert.Throws<GraphException>(() => graph.CountOperations(new Dictionary<string, long> { ["batch"] = 1, ["text_rows"] = 9 }));

        Assert.Contains("'tokens'", error.Message, StringComparison.Ordinal);
    }
}
