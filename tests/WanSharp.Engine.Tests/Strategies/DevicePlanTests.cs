using WanSharp.Engine.Costs;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Strategies;
using WanSharp.Models;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Strategies;

/// <summary>Plans for devices: what a device holds of a model is what it computes with, whatever the files have.</summary>
public sealed class DevicePlanTests : IDisposable
{
    private const long GB = 1_000_000_000;
    private const long MB = 1_000_000;

    private readonly TemporaryFolder _folder = new();

    /// <summary>The 14B shape of fp8 weights at 480p and 81 frames: sizes rounded.</summary>
    private static StrategyFacts Large { get; } =
        new()
        {
            Blocks = 40,
            StoredBlock = 350 * MB,
            ComputedBlock = 1400 * MB,
            Widens = true,
            OtherWeights = 400 * MB,
            TextEncoder = 22_700 * MB,
            StreamedTextEncoder = 1900 * MB,
            TextActivations = 100 * MB,
            Vae = 1000 * MB,
            DenoiseActivations = _ => 5000 * MB,
            DecodeActivations = tiled => tiled ? 1500 * MB : 9000 * MB,
            Tokens = 32_760,
            IsOnHost = false,
        };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(80, "40 blocks, all resident, text encoder unloaded after use")]
    [InlineData(24, "10 of 40 blocks resident, the others streamed, text encoder streamed and unloaded after use")]
    [InlineData(16, "4 of 40 blocks resident, the others streamed, text encoder streamed and unloaded after use")]
    [InlineData(12, "1 of 40 blocks resident, the others streamed, text encoder streamed and unloaded after use")]
    [InlineData(10, "0 of 40 blocks resident, the others streamed, VAE in tiles, text encoder streamed and unloaded after use")]
    public void Choose_ForACard_KeepsTheBlocksThatFitAsTheyAreComputedWith(int gigabytes, string expected)
    {
        var strategy = StrategyChooser.Choose(Large, gigabytes * GB);

        Assert.Equal(expected, strategy.ToString());
        Assert.InRange(strategy.Bytes, 1, gigabytes * GB);
        Assert.DoesNotContain(strategy.Parts, part => part.Name == "widened blocks"); // the host has them
        Assert.Contains(strategy.Parts, part => part == new MemoryHolding("driver and libraries", StrategyParts.DeviceBase));
    }

    [Fact]
    public void Choose_ForACardThatIsTooSmall_NamesWhatItTakes()
    {
        var error = Assert.Throws<InvalidRequestException>(() => StrategyChooser.Choose(Large, 8 * GB));

        Assert.Contains("blocks that come in 2.80 GB", error.Message, StringComparison.Ordinal);
    }

    /// <summary>On the host a model's files are read where they lie; a device gets copies, widened.</summary>
    [Fact]
    public void Facts_OfADevice_CountWeightsAsTheGraphsHaveThem()
    {
        using var networks = new TinyNetworks("wan2.1-t2v-1.3b");
        new ToolFolders(networks, _folder["model"]).Official();
        using var model = WanModel.Open(_folder["model"]);
        var costs = new CostModel(model);
        var plan = costs.Sketch(
            new GenerationRequest
            {
                Prompt = "a red circle",
                Frames = 5,
                Width = 64,
                Height = 64,
            }
        );

        var (host, device) = (costs.Facts(plan, isOnHost: true), costs.Facts(plan, isOnHost: false));

        Assert.Equal(host.ComputedBlock, device.ResidentBlock);
        Assert.Equal(host.StoredBlock, host.ResidentBlock);
        Assert.False(device.WidensHere);
        Assert.Equal(host.DenoiseActivations(null), device.DenoiseActivations(null)); // little enough to be kept widened
        Assert.Equal(device.TextEncoder, device.StreamedTextEncoder); // of one block, and two are there at a time
    }
}
