using WanSharp.Graphs.Networks;

namespace WanSharp.Graphs.Tests;

public sealed class WanVaeTests
{
    /// <summary>So the later steps tell all weights, and those who look for them write two graphs fewer.</summary>
    [Fact]
    public void AFirstStep_UsesNoWeightThatTheLaterOnesDoNot()
    {
        var options = new GraphOptions();
        foreach (var config in (VaeConfig[])[VaeConfig.Wan21, VaeConfig.Wan22])
        {
            Assert.Empty(WanVae.DecodeFirst(config, options).Weights.Except(WanVae.DecodeNext(config, options).Weights));
            Assert.Empty(WanVae.EncodeFirst(config, options).Weights.Except(WanVae.EncodeNext(config, options).Weights));
        }
    }

    [Fact]
    public void Strides_OfTheOfficialConfigurations_AreTheOfficialOnes()
    {
        Assert.Equal((4, 8), (VaeConfig.Wan21.TemporalStride, VaeConfig.Wan21.SpatialStride));
        Assert.Equal((4, 16), (VaeConfig.Wan22.TemporalStride, VaeConfig.Wan22.SpatialStride));
    }

    [Fact]
    public void FirstSteps_OfBothCoders_TakeNothingButThePiece()
    {
        Assert.Equal(["frames"], WanVae.EncodeFirst(VaeConfig.Wan21, new GraphOptions()).Inputs.Select(input => input.Name));
        Assert.Equal(["latents"], WanVae.DecodeFirst(VaeConfig.Wan21, new GraphOptions()).Inputs.Select(input => input.Name));
    }

    [Fact]
    public void Weights_OfAllSteps_AreThoseOfTheOfficialCheckpoint()
    {
        var options = new GraphOptions();
        OnnxGraph[] steps = [WanVae.EncodeNext(VaeConfig.Wan21, options), WanVae.DecodeNext(VaeConfig.Wan21, options)];
        var slots = steps.SelectMany(step => step.Weights).ToList();

        Assert.Equal(194, slots.Count); // as many tensors as the official file has
        Assert.Equal(126_892_531, slots.Sum(slot => slot.Shape.ElementCount));
    }

    [Fact]
    public void Configuration_WhosePartsDoNotFit_SaysWhichRuleIsBroken()
    {
        AssertRejected(
            VaeConfig.Wan21 with
            {
                LatentChannels = 48,
            },
            "48 latent channels need as many means and standard deviations, not 16 and 16"
        );
        AssertRejected(VaeConfig.Wan21 with { DimMultipliers = [1, 2] }, "2 levels need 1 temporal_downsample entries, not 3");
        AssertRejected(VaeConfig.Wan21 with { Std = new float[16] }, "standard deviations positive");
        AssertRejected(VaeConfig.Wan21 with { Dim = 0 }, "at least 1");
    }

    private static void AssertRejected(VaeConfig config, string rule)
    {
        var error = Assert.Throws<GraphException>(() => WanVae.DecodeFirst(config, new GraphOptions()));

        Assert.Contains(rule, error.Message, StringComparison.Ordinal);
    }
}
