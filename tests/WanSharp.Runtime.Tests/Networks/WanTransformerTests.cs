using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

[NoLiveObjects]
[Collection("native objects")]
public sealed class WanTransformerTests(RuntimeFixture fixture)
{
    private const float Tolerance = 3e-5f; // What the fixtures recommend: several times the noise of a reordered F32 sum.
    private const float BatchTolerance = 1e-5f; // Matrix kernels choose by shape, so a batch of two rounds differently.

    private static readonly string[] Intermediates =
    [
        "e",
        "e0",
        "text_embed",
        "img_emb",
        "patch_embed_padded",
        "block0_norm1",
        "block0_self_attn",
        "block0_cross_attn",
        "block0_ffn",
        "block0",
        "block_last",
        "head",
    ];

    [Theory]
    [NetworkData("dit-t2v", "dit-ti2v", "dit-i2v22", "dit-i2v", "dit-i2v-1280")]
    public void Run_OnEveryCase_MatchesTheOfficialCode(string name, Lowering lowering, WeightStorage storage)
    {
        using var network = NetworkFixture.Open(name);
        using var transformer = new TransformerRun(fixture.Runtime, network, lowering, storage);
        foreach (var run in network.Cases)
        {
            for (var sample = 0; network.Values.Tensors.ContainsKey($"{run}.in.x.{sample}"); sample++)
            {
                Check(network, transformer, run, sample);
            }
        }
    }

    [Theory]
    [InlineData(Lowering.Fused)]
    [InlineData(Lowering.Plain)]
    public void Run_OfABatchOfTwo_MatchesTwoBatchesOfOne(Lowering lowering)
    {
        using var network = NetworkFixture.Open("dit-ti2v");
        var config = network.TransformerConfig();
        using var transformer = new TransformerRun(fixture.Runtime, network, lowering, WeightStorage.Inputs);
        using var latents = Random([2, config.InChannels, 3, 4, 6], seed: 1);
        using var context = Random([2, config.TextLength, config.TextDim], seed: 2);

        var both = transformer.Run(latents, [900, 20], context)["velocity"];

        for (var sample = 0; sample < 2; sample++)
        {
            var alone = transformer.Run(latents.Slice(sample, 1), [sample == 0 ? 900 : 20], context.Slice(sample, 1))["velocity"];
            AssertClose("velocity", alone.Read<float>(), both.Slice(sample, 1).Read<float>(), BatchTolerance);
        }
    }

    [Fact]
    public void Run_WithATimestepForEachFrame_MatchesOneForEachOfItsTokens()
    {
        using var network = NetworkFixture.Open("dit-ti2v");
        var config = network.TransformerConfig();
        using var transformer = new TransformerRun(fixture.Runtime, network, Lowering.Fused, WeightStorage.Inputs);
        using var latents = Random([1, config.InChannels, 3, 4, 6], seed: 3);
        using var context = Random([1, config.TextLength, config.TextDim], seed: 4);
        double[] frames = [0, 700, 700];

        var byFrame = transformer.Run(latents, frames, context)["velocity"];
        var byToken = transformer.Run(latents, [.. frames.SelectMany(t => Enumerable.Repeat(t, 6))], context)["velocity"];

        AssertClose("velocity", byToken.Read<float>(), byFrame.Read<float>(), BatchTolerance);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(20)]
    public void Run_WithOneRowOfPadding_MatchesAllOfIt(int textLength)
    {
        using var network = NetworkFixture.Open("dit-t2v");
        var config = network.TransformerConfig();
        using var transformer = new TransformerRun(fixture.Runtime, network, Lowering.Fused, WeightStorage.Inputs);
        using var latents = Random([1, config.InChannels, 3, 4, 6], seed: 5);
        using var text = Random([textLength, config.TextDim], seed: 6);
        using var padded = Tensor.Zeros(DType.F32, [1, config.TextLength, config.TextDim]);
        text.Read<float>().CopyTo(padded.Write<float>());
        var rows = Math.Min(textLength + 1, config.TextLength);

        var all = transformer.Run(latents, [700], padded)["velocity"];
        var one = transformer.Run(
            latents,
            [700],
            padded.Reshape([config.TextLength, config.TextDim]).Slice(0, rows).Reshape([1, rows, config.TextDim])
        )["velocity"];

        AssertClose("velocity", all.Read<float>(), one.Read<float>(), BatchTolerance);
    }

    [Fact]
    public void RopeTables_ForLatentsThatDoNotDivide_AreRefused()
    {
        var error = Assert.Throws<GraphException>(() => WanTransformer.RopeTables(new TransformerConfig(), 3, 6, 7));

        Assert.Contains("[3, 6, 7] do not divide into patches of [1, 2, 2]", error.Message, StringComparison.Ordinal);
    }

    private static void Check(NetworkFixture network, TransformerRun transformer, string run, int sample)
    {
        var config = network.TransformerConfig();
        var x = network.Values.Get($"{run}.in.x.{sample}");
        float[] channels =
        [
            .. network.Floats($"{run}.in.x.{sample}"),
            .. network.Values.Tensors.ContainsKey($"{run}.in.y.{sample}") ? network.Floats($"{run}.in.y.{sample}") : [],
        ];
        using var latents = Tensor.CopyOf<float>([1, config.InChannels, x.Shape[1], x.Shape[2], x.Shape[3]], channels);
        var tokens = (int)(x.Shape[1] * x.Shape[2] * x.Shape[3] / config.PatchSize.Volume);
        using var context = Tensor.Zeros(DType.F32, [1, config.TextLength, config.TextDim]); // Zeros after the text.
        network.Floats($"{run}.in.context.{sample}").CopyTo(context.Write<float>());
        using var clip = config.VisionDim is null ? null : network.Values.Get($"{run}.in.clip_fea").Slice(sample, 1).ConvertTo(DType.F32);

        // One timestep for the sample, or one for each token and for padding.
        var t = network.Values.Get($"{run}.in.t");
        var timesteps = t.Shape.Rank == 1 ? NetworkFixture.Floats(t.Slice(sample, 1)) : NetworkFixture.Floats(t.Slice(sample, 1))[..tokens];

        var values = transformer.Run(latents, [.. timesteps.Select(value => (double)value)], context, clip);

        AssertClose("out", network.Floats($"{run}.out.{sample}"), values["velocity"].Read<float>(), Tolerance);
        foreach (var intermediate in Intermediates.Where(m => network.Values.Tensors.ContainsKey($"{run}.mid.{m}")))
        {
            var expected = NetworkFixture.Floats(network.Values.Get($"{run}.mid.{intermediate}").Slice(sample, 1));
            var found = intermediate switch
            {
                "patch_embed_padded" => "patch_embed",
                "block_last" => $"block{config.Layers - 1}",
                _ => intermediate,
            };
            if (values.TryGetValue(found, out var actual))
            {
                // The official code pads tokens at the end; its rows of padding mean nothing.
                var length = (int)actual.Shape.ElementCount;
                AssertClose($"{run}.{sample} {intermediate}", expected.AsSpan()[..length], actual.Read<float>(), Tolerance);
            }
            else
            {
                Assert.Equal("head", intermediate); // Inside the last of the parts.
            }
        }
    }

    private static Tensor Random(Shape shape, int seed)
    {
        var random = new Random(seed);
        return Tensor.CopyOf<float>(shape, [.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => (random.NextSingle() * 2) - 1)]);
    }

    internal static void AssertClose(string what, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var worst = 0f;
        for (var i = 0; i < expected.Length; i++)
        {
            var error = MathF.Abs(expected[i] - actual[i]);
            worst = error <= worst ? worst : error; // A NaN becomes the worst, and stays.
        }

        Assert.True(worst <= tolerance, $"{what}: the largest error is {worst}, {tolerance} is allowed.");
    }
}
