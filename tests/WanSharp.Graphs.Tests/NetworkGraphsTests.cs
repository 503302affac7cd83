using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Graphs.Tests;

/// <summary>The descriptions of the encoders and of VAEs; the transformer's has tests of its own.</summary>
public class NetworkGraphsTests
{
    private static readonly GraphOptions Options = new();

    [Fact]
    public void TextEncoder_WeightsOfAllParts_AreThoseOfTheWholeNetwork()
    {
        var config = new Umt5Config
        {
            Vocabulary = 20,
            Dim = 16,
            AttentionDim = 16,
            FfnDim = 24,
            Heads = 2,
            Layers = 2,
        };

        var graphs = new TextEncoderGraphs(config, Options);

        Assert.Equal(Of(graphs.Whole.Weights), Of(graphs.Weights));
    }

    [Fact]
    public void VisionEncoder_WeightsOfAllParts_AreThoseOfTheWholeNetwork()
    {
        var config = new VisionEncoderConfig
        {
            ImageSize = 8,
            PatchSize = 4,
            Dim = 16,
            MlpRatio = 2,
            Heads = 2,
            Layers = 3,
        };

        var graphs = new VisionEncoderGraphs(config, Options);

        Assert.Equal(Of(graphs.Whole.Weights), Of(graphs.Weights));
    }

    [Theory]
    [InlineData(VaeKind.Wan21)]
    [InlineData(VaeKind.Wan22)]
    public void Vae_WeightsOfAllSteps_AreThoseOfTheLaterOnes(VaeKind kind)
    {
        var graphs = new VaeGraphs(
            kind == VaeKind.Wan21 ? new VaeConfig { Dim = 4 } : VaeConfig.Wan22 with { Dim = 4, DecoderDim = 8 },
            Options
        );

        Assert.Equal(
            Of([.. graphs.EncodeFirst.Weights, .. graphs.EncodeNext.Weights, .. graphs.DecodeFirst.Weights, .. graphs.DecodeNext.Weights]),
            Of(graphs.Weights)
        );
    }

    [Fact]
    public void Vae_WithoutAnEncoder_HasTheDecodersWeightsAlone()
    {
        var graphs = new VaeGraphs(new VaeConfig { Dim = 4, HasEncoder = false }, Options);

        Assert.Equal(Of(graphs.DecoderWeights), Of(graphs.Weights));
    }

    private static IEnumerable<(string, DType, Shape)> Of(IEnumerable<WeightSlot> slots) =>
        slots.Select(slot => (slot.Name, slot.DType, slot.Shape)).Distinct().OrderBy(slot => slot.Name, StringComparer.Ordinal);
}
