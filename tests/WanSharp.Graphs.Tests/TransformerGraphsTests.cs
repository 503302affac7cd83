using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Graphs.Tests;

public class TransformerGraphsTests
{
    private static readonly GraphOptions Options = new();

    [Theory]
    [InlineData(null)]
    [InlineData(64)]
    public void Weights_OfAllParts_AreThoseOfTheWholeNetwork(int? visionDim)
    {
        var config = new TransformerConfig
        {
            Dim = 24,
            FfnDim = 32,
            Heads = 2,
            Layers = 3,
            ModelType = visionDim is null ? ModelType.TextToVideo : ModelType.ImageToVideo,
            InChannels = visionDim is null ? 16 : 36,
            VisionDim = visionDim,
        };

        var parts = new TransformerGraphs(config, Options).Weights;

        Assert.Equal(Of(WanTransformer.Whole(config, Options).Weights), Of(parts));
    }

    [Fact]
    public void Parts_WithQuantization_HaveItInBlocksAlone()
    {
        var config = new TransformerConfig
        {
            Dim = 24,
            FfnDim = 32,
            Heads = 2,
            Layers = 1,
        };
        var options = Options with { Quantization = Quantization.EightBit };

        var graphs = new TransformerGraphs(config, options);

        Assert.Equal(WanTransformer.Block(config, options).Digest, graphs.Block.Digest);
        Assert.Equal(WanTransformer.Keys(config, Options).Digest, graphs.KeysOf(0).Digest);
        Assert.Equal(WanTransformer.Head(config, Options).Digest, graphs.Head.Digest);
    }

    private static IEnumerable<(string, DType, Shape)> Of(IEnumerable<WeightSlot> slots) =>
        slots.Select(slot => (slot.Name, slot.DType, slot.Shape)).Distinct().OrderBy(slot => slot.Name, StringComparer.Ordinal);
}
