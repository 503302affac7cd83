using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

[NoLiveObjects]
[Collection("native objects")]
public sealed class VisionEncoderTests(RuntimeFixture fixture)
{
    // What the fixtures recommend; the smallest known mistake (the other GELU) moves outputs by 1e-3.
    private const float Tolerance = 5e-5f;

    [Theory]
    [InlineData(Lowering.Fused)]
    [InlineData(Lowering.Plain)]
    public void Whole_OnEveryCase_MatchesTheOfficialCode(Lowering lowering)
    {
        using var network = NetworkFixture.Open("clip-vision");
        var options = new GraphOptions
        {
            Lowering = lowering,
            Weights = WeightStorage.Initializers,
            Probes = true,
        };
        using var encoder = new GraphSession(fixture.Runtime, VisionEncoder.Whole(network.VisionEncoderConfig(), options), network.Weights);
        foreach (var run in network.Cases)
        {
            var values = encoder.Run(("image", network.Values.Get($"{run}.mid.preprocessed")));

            Check(network, $"{run}.mid.pre_norm", values["pre_norm"]);
            Check(network, $"{run}.mid.block0", values["block0"]);
            Check(network, $"{run}.out.clip_fea", values["features"]);
        }
    }

    [Theory]
    [InlineData(Lowering.Fused)]
    [InlineData(Lowering.Plain)]
    public void Block_OverAllLayers_MatchesTheOfficialCode(Lowering lowering)
    {
        using var network = NetworkFixture.Open("clip-vision");
        var (config, options) = (network.VisionEncoderConfig(), new GraphOptions { Lowering = lowering });
        using var embed = new GraphSession(fixture.Runtime, VisionEncoder.Embed(config, options), network.Weights);
        var block = VisionEncoder.Block(config, options);
        List<GraphSession> layers =
        [
            .. Enumerable
                .Range(0, config.Layers)
                .Select(i => new GraphSession(fixture.Runtime, block, network.Weights, $"visual.transformer.{i}.")),
        ];
        foreach (var run in network.Cases)
        {
            var x = embed.Run(("image", network.Values.Get($"{run}.mid.preprocessed")))["x"];
            foreach (var layer in layers)
            {
                x = layer.Run(("x", x))["x_out"];
            }

            Check(network, $"{run}.mid.all_blocks", x);
        }

        layers.ForEach(layer => layer.Dispose());
    }

    [Fact]
    public async Task Encode_OfSeveralImages_GivesTheOfficialFeaturesOfEach()
    {
        using var network = NetworkFixture.Open("clip-vision");
        using var graphs = new GraphCache(fixture.Runtime);
        using var encoder = await VisionEncoderRunner.CreateAsync(
            graphs,
            network.VisionEncoderConfig(),
            network.Store,
            new SessionSettings(),
            cancellationToken: TestContext.Current.CancellationToken
        );
        string[] runs = [.. network.Cases];
        using var images = Tensor.CopyOf<float>(
            [runs.Length, 3, 28, 28],
            [.. runs.SelectMany(run => network.Floats($"{run}.mid.preprocessed"))]
        );

        using var features = encoder.Encode(images, TestContext.Current.CancellationToken);

        for (var i = 0; i < runs.Length; i++)
        {
            Check(network, $"{runs[i]}.out.clip_fea", features.Slice(i, 1));
        }
    }

    [Fact]
    public async Task Encode_OfAnotherSize_IsRefused()
    {
        using var network = NetworkFixture.Open("clip-vision");
        using var graphs = new GraphCache(fixture.Runtime);
        using var encoder = await VisionEncoderRunner.CreateAsync(
            graphs,
            network.VisionEncoderConfig(),
            network.Store,
            new SessionSettings(),
            cancellationToken: TestContext.Current.CancellationToken
        );
        using var image = Tensor.Zeros(DType.F32, [1, 3, 28, 14]);

        var error = Assert.Throws<ArgumentException>(() => encoder.Encode(image, TestContext.Current.CancellationToken));

        Assert.StartsWith("Images [batch, 3, 28, 28] are expected, not [1, 3, 28, 14].", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(28, 13, 16, 2, 4)] // patches that do not divide the image
    [InlineData(28, 14, 15, 2, 4)] // heads that do not divide a token
    [InlineData(28, 14, 16, 2, 1)] // no block before the last
    [InlineData(0, 14, 16, 2, 4)]
    public void Validate_OfDimensionsThatDoNotGoTogether_IsRefused(int imageSize, int patchSize, int dim, int heads, int layers)
    {
        var config = new VisionEncoderConfig
        {
            ImageSize = imageSize,
            PatchSize = patchSize,
            Dim = dim,
            Heads = heads,
            Layers = layers,
        };

        Assert.Throws<GraphException>(config.Validate);
    }

    private static void Check(NetworkFixture network, string name, Tensor actual) =>
        WanTransformerTests.AssertClose(name, network.Floats(name), actual.Read<float>(), Tolerance);
}
