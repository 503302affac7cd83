using WanSharp.Graphs;
using WanSharp.Tools.Quantize;

namespace WanSharp.Tools.Tests.Quantize;

public sealed class LayerChoiceTests
{
    private static readonly LayerFormat Rotated = new(true, 64);

    [Fact]
    public void At_EachIndex_TakesLayersFromTheLeastSensitive()
    {
        var choice = new LayerChoice([
            Loss("a", 0.3, 0.1),
            Loss("b", 0.05, 0.04),
            Loss("c", 0.2, null),
            Loss("d", double.PositiveInfinity, null),
        ]);

        string[] choices = [.. Enumerable.Range(0, choice.Count).Select(index => choice.At(index).Layers.ToString())];

        Assert.Equal(["b 64", "b 0", "a 64;b 0", "a 64;b 0;c 0", "a 0;b 0;c 0"], choices);
    }

    [Fact]
    public void At_WithTwoExperts_KeepsTheirLayersApart()
    {
        var high = Loss("a", 0.1, null) with { Layer = new LayerName(true, "a") };

        var (layers, highNoise) = new LayerChoice([Loss("a", 0.2, null), high]).At(0);

        Assert.Equal(LayerFormats.None, layers);
        Assert.Equal(LayerFormat.EightBit, highNoise!.Of("a"));
    }

    private static LayerLoss Loss(string name, double plain, double? rotated) =>
        new(new LayerName(false, name), 1, plain, rotated, rotated is null ? null : Rotated);
}
