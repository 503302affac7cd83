using WanSharp.Engine.Noise;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Adapters;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>A network that follows a control gives the same numbers however it runs.</summary>
[Collection("native objects")]
public sealed class ControlTransformerTests : OwningTests
{
    private const float Tolerance = 2e-5f; // sums in another order
    private const int Tokens = 12;

    private static readonly TransformerConfig Config = new()
    {
        TextLength = 12,
        InChannels = 4,
        OutChannels = 4,
        Dim = 48,
        FfnDim = 80,
        FreqDim = 16,
        TextDim = 16,
        Heads = 2,
        Layers = 4,
        ControlChannels = 6,
        ControlBlocks = 2,
    };

    private readonly WeightStore _weights;

    public ControlTransformerTests(RuntimeFixture fixture)
        : base(fixture) =>
        _weights = Own(new WeightStore(Own(new RandomWeights(1, new TransformerGraphs(Config, new GraphOptions()).Weights))));

    [Fact]
    public async Task Forward_HoweverItRuns_GivesTheSame()
    {
        var blocks = Run(await TransformerAsync(new TransformerOptions()), [0.7f]);

        AssertClose(blocks, Run(await TransformerAsync(new TransformerOptions { Mode = CompileMode.Whole }), [0.7f]));
        AssertClose(blocks, Run(await TransformerAsync(new TransformerOptions { TokensAtOnce = 5 }), [0.7f]));
        AssertClose(blocks, Run(await TransformerAsync(new TransformerOptions { StaticShapes = true }), [0.7f]));
        AssertClose(blocks, Run(await TransformerAsync(new TransformerOptions { KeyBytes = 0 }), [0.7f]));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(4)]
    public async Task Forward_OfRowsThatFollowDifferently_GivesEachItsOwn(int? tokensAtOnce)
    {
        var transformer = await TransformerAsync(new TransformerOptions { TokensAtOnce = tokensAtOnce });
        float[] strengths = [1, 0, 0.4f];

        var together = Run(transformer, strengths);

        var row = together.Length / strengths.Length;
        for (var i = 0; i < strengths.Length; i++)
        {
            AssertClose(Run(transformer, [strengths[i]]), together[(i * row)..((i + 1) * row)]);
        }

        Assert.True(Distance(together[..row], together[(2 * row)..]) > 1e-3f);
    }

    [Fact]
    public async Task Forward_AtAStrengthOfZero_IsThatOfThePlainNetwork()
    {
        var plain = Own(
            await TransformerRunner.CreateAsync(
                Graphs,
                Config with
                {
                    ControlChannels = null,
                    ControlBlocks = 0,
                },
                _weights,
                new SessionSettings(),
                cancellationToken: Token
            )
        );

        AssertClose(Run(plain, [0]), Run(await TransformerAsync(new TransformerOptions()), [0]));
    }

    [Fact]
    public async Task Forward_InEightBitIntegers_IsNear()
    {
        var exact = Run(await TransformerAsync(new TransformerOptions()), [1]);
        var eight = new TransformerOptions { Quantization = Quantization.EightBit };

        var blocks = Run(await TransformerAsync(eight), [1]);

        Assert.InRange(Distance(exact, blocks), 1e-6f, 0.02f * exact.Max(Math.Abs));
        AssertClose(blocks, Run(await TransformerAsync(eight with { TokensAtOnce = 5 }), [1]), 1e-2f); // codes round to a neighbour
    }

    [Theory]
    [InlineData("blocks.2.vace.self_attn.v")]
    [InlineData("blocks.2.vace.after_proj")]
    [InlineData("blocks.0.vace.before_proj")]
    [InlineData("blocks.2.vace.cross_attn.k")]
    [InlineData("vace_patch_embedding")]
    [InlineData("blocks.3.ffn.0")]
    public async Task Forward_WithALora_EqualsMergedWeights(string layer)
    {
        var shapes = new TransformerGraphs(Config, new GraphOptions())
            .Weights.DistinctBy(slot => slot.Name)
            .ToDictionary(slot => slot.Name, slot => slot.Shape);
        var shape = shapes[$"{layer}.weight"];
        var inner = shape.ElementCount / shape[0];
        var change = new LowRankChange(Own(Noise([2, inner], 7)), Own(Noise([shape[0], 2], 8)), 0.5f);
        var lora = new LoraChanges("one", new Dictionary<string, IReadOnlyList<WeightChange>> { [$"{layer}.weight"] = [change] });
        var adapter = Own(new Adapter([lora], shapes));
        var use = new AdapterUse(adapter, 1);
        var changed = Own(new RandomWeights(1, new TransformerGraphs(Config, new GraphOptions()).Weights));
        change.Apply(changed.Tensors[$"{layer}.weight"], 1, Token);
        var merged = Own(new WeightStore(changed));

        var expected = Run(await TransformerAsync(new TransformerOptions(), merged), [1]);

        AssertClose(expected, Run(await TransformerAsync(new TransformerOptions()), [1], use));
        AssertClose(expected, Run(await TransformerAsync(new TransformerOptions { TokensAtOnce = 5 }), [1], use));
        Assert.True(Distance(expected, Run(await TransformerAsync(new TransformerOptions()), [1])) > 1e-4f);
    }

    private async Task<TransformerRunner> TransformerAsync(TransformerOptions options, WeightStore? weights = null) =>
        Own(
            await TransformerRunner.CreateAsync(
                Graphs,
                Config,
                weights ?? _weights,
                new SessionSettings(),
                options: options,
                cancellationToken: Token
            )
        );

    /// <summary>A pass of alike rows that follow the control as strongly as is said.</summary>
    private static float[] Run(TransformerRunner transformer, float[] strengths, AdapterUse? adapter = null)
    {
        var config = transformer.Configuration;
        using var row = Noise([1, config.GivenChannels, 3, 4, 4], 5);
        using var latents = Tensor.Zeros(DType.F32, [strengths.Length, config.GivenChannels, 3, 4, 4]);
        using var context = Noise([1, config.TextLength, config.TextDim], 6);
        context.Write<float>()[(5 * config.TextDim)..].Clear();
        var keys = new List<TextKeys>();
        for (var i = 0; i < strengths.Length; i++)
        {
            row.Read<float>().CopyTo(latents.Slice(i, 1).Write<float>());
            if (config.ControlChannels is not null)
            {
                latents.Slice(i, 1).Write<float>()[^(4 * Tokens)..].Fill(strengths[i]);
            }

            keys.Add(transformer.PrepareContext(context, adapter: adapter, cancellationToken: Token));
        }

        using var velocity = Tensor.Zeros(DType.F32, [strengths.Length, config.OutChannels, 3, 4, 4]);
        transformer.Forward(latents, [.. strengths.Select(_ => 500f)], keys, velocity, Token);
        keys.ForEach(one => one.Dispose());
        return velocity.Read<float>().ToArray();
    }

    private static Tensor Noise(Shape shape, ulong seed)
    {
        var noise = Tensor.Zeros(DType.F32, shape);
        new NoiseGenerator(seed).Fill(noise.Write<float>());
        return noise;
    }

    private static float Distance(float[] one, float[] other) => one.Zip(other, (a, b) => Math.Abs(a - b)).Max();

    private static void AssertClose(float[] expected, float[] actual, float tolerance = Tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.InRange(Distance(expected, actual), 0, tolerance * Math.Max(1, expected.Max(Math.Abs)));
    }
}
