using WanSharp.Engine.Costs;
using WanSharp.Engine.Tests.Memory;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Costs;

/// <summary>What is predicted, beside what the library takes. Alone, since that is counted for the whole process.</summary>
[Collection("alone")]
public sealed class ActivationMemoryTests(RuntimeFixture fixture)
{
    // So large that clips would be refused for nothing.
    private const double Least = 0.7;

    // Sums of pairs of frames are held for less time than the order of steps says; a tiny decoder's are megabytes.
    private const double LeastOfTiny = 0.6;

    // More than was predicted: clips that were accepted would fail.
    private const double Most = 1;

    private static readonly TransformerConfig Network = new()
    {
        Dim = 128,
        FfnDim = 400,
        Heads = 2,
        Layers = 2,
        TextDim = 16,
        FreqDim = 16,
        TextLength = 32,
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 1, null)]
    [InlineData(2, 1, null)]
    [InlineData(1, 3, null)]
    [InlineData(1, 1, 256)]
    [InlineData(1, 3, 256)]
    public async Task OfPass_OfAForwardPass_IsWhatItTakes(int rows, int groups, int? tokensAtOnce)
    {
        Shape latents = [1, 16, 3, 48, 48];
        using var weights = new WeightStore(new RandomWeights(seed: 1, WanTransformer.Whole(Network, new GraphOptions())));
        using var cache = new GraphCache(fixture.Runtime);
        using var runner = await TransformerRunner.CreateAsync(
            cache,
            Network,
            weights,
            new SessionSettings(),
            options: new TransformerOptions { TokensAtOnce = tokensAtOnce },
            cancellationToken: Token
        );
        using var input = Tensor.Zeros(DType.F32, [rows, 16, 3, 48, 48]);
        using var velocity = Tensor.Zeros(DType.F32, input.Shape);
        using var context = Tensor.Zeros(DType.F32, [1, Network.TextLength, Network.TextDim]);
        using var keys = runner.PrepareContext(context, cancellationToken: Token);
        float[] timesteps = [.. Enumerable.Repeat(500f, rows * groups)];

        var taken = Peak(() => runner.Forward(input, timesteps, [.. Enumerable.Repeat(keys, rows)], velocity, Token));

        const int Tokens = 3 * 24 * 24;
        var streams = (2L * rows) + (tokensAtOnce is null ? 0 : 2);
        var own = ((streams * Network.Dim) + Network.HeadDim) * Tokens * sizeof(float); // tensors of ours, which the library only sees
        var predicted =
            new ActivationMemory(new NetworkGraphs(Network, new Umt5Config(), VaeConfig.Wan21), Network).OfPass(
                latents,
                rows,
                groups,
                tokensAtOnce
            ) - own;
        Assert.InRange((double)taken / predicted, Least, Most);
    }

    [Theory]
    [InlineData(VaeKind.Wan21, 1)]
    [InlineData(VaeKind.Wan21, 3)]
    [InlineData(VaeKind.Wan22, 1)]
    [InlineData(VaeKind.Wan22, 3)]
    [InlineData(VaeKind.Tiny, 1)]
    [InlineData(VaeKind.Tiny, 3)]
    public void OfDecodingAndEncoding_OfAClip_AreWhatTheyTake(VaeKind kind, int latentFrames)
    {
        var config = kind switch
        {
            VaeKind.Wan21 => VaeConfig.Wan21 with { Dim = 8 },
            VaeKind.Wan22 => VaeConfig.Wan22 with { Dim = 8, DecoderDim = 16 },
            // the library's blocks of channels
            _ => TinyVaes.Wan21 with { Dim = 16, DimMultipliers = [16, 16, 32, 64] },
        };
        using var weights = new WeightStore(
            new RandomWeights(seed: 1, WanVae.EncodeNext(config, new GraphOptions()), WanVae.DecodeNext(config, new GraphOptions()))
        );
        using var vae = new VaeRunner(fixture.Runtime, config, weights);
        using var latents = Tensor.Zeros(
            DType.F32,
            [1, config.LatentChannels, latentFrames, 128 / config.SpatialStride, 128 / config.SpatialStride]
        );
        using var clip = Tensor.Zeros(DType.F32, [1, 3, 1 + (4 * (latentFrames - 1)), 128, 128]);

        var decoding = Peak(() => vae.Decode(latents, Token).ToList().ForEach(piece => piece.Dispose()));
        var encoding = Peak(() => vae.Encode(clip, Token).Dispose());

        var least = kind == VaeKind.Tiny ? LeastOfTiny : Least;
        var (step, held) = Of(config).OfDecoding(latents.Shape, tiles: null);
        Assert.InRange((double)decoding / (step + held), least, Most);
        Assert.InRange((double)encoding / Of(config).OfEncoding(latents.Shape, tiles: null), least, Most);
    }

    [Fact]
    public void OfDecoding_InTiles_GrowsByThePicturesAlone()
    {
        var (memory, tiles) = (Of(VaeConfig.Wan21), new VaeTiling(24, 24));

        var (few, many) = (memory.OfDecoding([1, 16, 11, 90, 160], tiles), memory.OfDecoding([1, 16, 21, 90, 160], tiles));

        Assert.Equal(few.Step, many.Step);
        Assert.InRange(many.Held - few.Held, 3L * 1280 * 720 * 40, 6L * 1280 * 720 * 40);
        Assert.Equal(memory.OfEncoding([1, 16, 11, 90, 160], tiles), memory.OfEncoding([1, 16, 21, 90, 160], tiles));
        Assert.Equal(memory.OfEncoding([1, 16, 3, 60, 60], tiles), memory.OfEncoding([1, 16, 3, 120, 120], tiles), tolerance: 1 << 24);
    }

    private static VaeMemory Of(VaeConfig vae) => new(new VaeWork(vae));

    /// <summary>The most that the library takes beside what it held, once everything is compiled.</summary>
    private long Peak(Action run)
    {
        run();
        using var peak = new PeakMeter(fixture.Runtime.Memory);
        var held = peak.Bytes;
        run();
        return peak.Bytes - held;
    }
}
