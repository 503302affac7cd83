using WanSharp.Engine.Noise;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Adapters;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Adapters;

/// <summary>LoRAs as factors next to the weights give what a changed copy of the weights gives, each row of a batch its own.</summary>
[Collection("native objects")]
public sealed class AdapterTests : OwningTests
{
    /// <summary>Sums in another order: relative to values near 1.</summary>
    private const float Tolerance = 2e-5f;

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
        Layers = 3,
    };

    private readonly Dictionary<string, Shape> _shapes = new TransformerGraphs(Config, new GraphOptions())
        .Weights.DistinctBy(slot => slot.Name)
        .ToDictionary(slot => slot.Name, slot => slot.Shape);
    private readonly WeightStore _base;

    public AdapterTests(RuntimeFixture fixture)
        : base(fixture) => _base = Own(new WeightStore(Own(new RandomWeights(1, WanTransformer.Whole(Config, new GraphOptions())))));

    [Fact]
    public async Task Forward_WithFactors_EqualsMergedWeights()
    {
        var loras = new[] { LowRank(seed: 5, rank: 4), LowRank(seed: 6, rank: 20) };
        var transformer = await TransformerAsync(_base);
        var adapter = Own(new Adapter(loras, _shapes));

        var actual = Run(transformer, new AdapterUse(adapter, 0.8f, -0.5f));

        Assert.Null(adapter.MergeOnly);
        AssertClose(Run(await TransformerAsync(Merged(loras, 0.8f, -0.5f))), actual);
    }

    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    public async Task Forward_WithFactorsInANarrowType_IsAsFarFromMergedWeightsAsRoundingExplains(DType compute)
    {
        var loras = new[] { LowRank(seed: 5, rank: 4) };
        var adapter = Own(new Adapter(loras, _shapes));
        var roundings = WanTransformer
            .Whole(Config, new GraphOptions { Compute = compute, Adapters = true })
            .Outputs.Max(output => output.Roundings);

        var actual = Run(await TransformerAsync(_base, compute: compute), new AdapterUse(adapter, 0.8f));

        var expected = Run(await TransformerAsync(Merged(loras, 0.8f)));
        var limit = RoundingError.Of(compute, roundings, expected.Length) * expected.Max(MathF.Abs);
        Assert.InRange(Distance(expected, actual), limit / 100, limit);
    }

    [Fact]
    public async Task Forward_WithChangedBiasesAndNorms_EqualsMergedWeights()
    {
        var loras = new[] { Vectors(seed: 7), LowRank(seed: 5, rank: 4) };
        var transformer = await TransformerAsync(_base);
        var adapter = Own(new Adapter(loras, _shapes));
        var before = Run(transformer);

        var actual = Run(transformer, new AdapterUse(adapter, 0.7f, 1));

        AssertClose(Run(await TransformerAsync(Merged(loras, 0.7f, 1))), actual);
        Assert.Equal(before, Run(transformer)); // the copies are let go
    }

    [Fact]
    public async Task Forward_OfRowsWithDifferentLoras_EqualsEachAlone()
    {
        var one = Own(new Adapter([LowRank(seed: 5, rank: 4)], _shapes));
        var other = Own(new Adapter([LowRank(seed: 6, rank: 40), LowRank(seed: 8, rank: 3)], _shapes));
        var transformer = await TransformerAsync(_base);
        AdapterUse?[] uses = [new AdapterUse(one, 1), null, new AdapterUse(other, 0.5f, 2), new AdapterUse(one, -0.25f), null];

        var together = RunAll(transformer, uses);

        for (var row = 0; row < uses.Length; row++)
        {
            AssertClose(Run(transformer, uses[row]), together[row]);
        }
    }

    [Fact]
    public async Task Forward_WithLorasOfSomeLayers_ChangesThoseAlone()
    {
        var full = LowRank(seed: 5, rank: 4);
        var some = new LoraChanges(
            "some",
            full.Changes.Where(one => one.Key.Contains("blocks.1.self_attn.v", StringComparison.Ordinal)).ToDictionary()
        );
        var transformer = await TransformerAsync(_base);
        var adapter = Own(new Adapter([some], _shapes));

        AssertClose(Run(await TransformerAsync(Merged([some], 1))), Run(transformer, new AdapterUse(adapter, 1)));
    }

    [Fact]
    public async Task Forward_InPieces_EqualsAWholeBlock()
    {
        var adapter = Own(new Adapter([LowRank(seed: 5, rank: 4), Vectors(seed: 7)], _shapes));
        var use = new AdapterUse(adapter, 0.8f, 0.5f);

        var pieces = await TransformerAsync(_base, new TransformerOptions { TokensAtOnce = 8 });

        AssertClose(Run(await TransformerAsync(_base), use), Run(pieces, use));
    }

    [Fact]
    public async Task Forward_OverEightBitWeights_AddsTheFactorsInFloat()
    {
        var adapter = Own(new Adapter([LowRank(seed: 5, rank: 4)], _shapes));
        var transformer = await TransformerAsync(_base, new TransformerOptions { Quantization = Quantization.EightBit });
        var exact = await TransformerAsync(_base);
        var noise = Distance(Run(exact), Run(transformer));

        var change = Distance(Run(exact, new AdapterUse(adapter, 1)), Run(transformer, new AdapterUse(adapter, 1)));

        Assert.True(change < 2 * noise, $"8-bit weights are {noise} off, and {change} with a LoRA.");
    }

    [Fact]
    public async Task Forward_AfterAChangeOfLoras_CompilesNothing()
    {
        var transformer = await TransformerAsync(_base);
        _ = Run(transformer, new AdapterUse(Own(new Adapter([LowRank(seed: 5, rank: 4)], _shapes)), 1));
        var compiled = Graphs.Statistics().Sum(graph => graph.Compiles);

        _ = Run(transformer, new AdapterUse(Own(new Adapter([LowRank(seed: 6, rank: 40)], _shapes)), 0.3f));
        _ = Run(transformer);

        Assert.Equal(compiled, Graphs.Statistics().Sum(graph => graph.Compiles));
    }

    [Fact]
    public async Task Forward_OfRowsWithDifferentCopies_IsRefused()
    {
        var transformer = await TransformerAsync(_base);
        var adapter = Own(new Adapter([Vectors(seed: 7)], _shapes));

        Assert.Contains(
            "different ways",
            Assert.Throws<ArgumentException>(() => RunAll(transformer, new AdapterUse(adapter, 1), null)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Adapter_OfAFullDifferenceInABlock_NeedsAMerge()
    {
        using var difference = Noise(1, [48, 48]);
        var lora = new LoraChanges(
            "full",
            new Dictionary<string, IReadOnlyList<WeightChange>> { ["blocks.0.self_attn.q.weight"] = [new FullChange(difference)] }
        );

        using var adapter = new Adapter([lora], _shapes);

        Assert.Equal("blocks.0.self_attn.q.weight", adapter.MergeOnly);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 5, 2)]
    [InlineData(130, 67, 9)]
    public void MatrixProduct_EqualsTheSum(int rows, int columns, int inner)
    {
        using var left = Noise(1, [rows, inner]);
        using var right = Noise(2, [inner, columns]);
        using var target = Noise(3, [rows, columns]);
        var expected = target.Read<float>().ToArray();
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                for (var k = 0; k < inner; k++)
                {
                    expected[(row * columns) + column] +=
                        0.5f * left.Read<float>()[(row * inner) + k] * right.Read<float>()[(k * columns) + column];
                }
            }
        }

        MatrixProduct.AddTo(target, left, right, 0.5f, Token);

        AssertClose(expected, target.Read<float>().ToArray());
    }

    private LoraChanges LowRank(ulong seed, int rank) =>
        new(
            $"low rank {seed}",
            _shapes
                .Where(weight => weight.Value.Rank is 2 or 5)
                .ToDictionary(
                    weight => weight.Key,
                    weight =>
                        (IReadOnlyList<WeightChange>)
                            [
                                new LowRankChange(
                                    Own(Noise(seed, [rank, weight.Value.ElementCount / weight.Value[0]], weight.Key)),
                                    Own(Noise(seed + 100, [weight.Value[0], rank], weight.Key)),
                                    1.0 / rank
                                ),
                            ]
                )
        );

    private LoraChanges Vectors(ulong seed) =>
        new(
            $"vectors {seed}",
            _shapes
                .Where(weight => weight.Value.Rank is not 2 || weight.Key == "head.head.weight")
                .ToDictionary(
                    weight => weight.Key,
                    weight => (IReadOnlyList<WeightChange>)[new FullChange(Own(Noise(seed, weight.Value, weight.Key)))]
                )
        );

    private static Tensor Noise(ulong seed, Shape shape, string name = "")
    {
        var noise = Tensor.Zeros(DType.F32, shape);
        var values = noise.Write<float>();
        new NoiseGenerator(seed, (uint)name.Sum(c => c * 31)).Fill(values);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] *= 0.1f;
        }

        return noise;
    }

    private WeightStore Merged(LoraChanges[] loras, params float[] strengths)
    {
        var merged = Own(new RandomWeights(1, WanTransformer.Whole(Config, new GraphOptions())));
        for (var lora = 0; lora < loras.Length; lora++)
        {
            foreach (var (name, changes) in loras[lora].Changes)
            {
                changes[0].Apply(merged.Tensors[name], strengths[lora], Token);
            }
        }

        return Own(new WeightStore(merged));
    }

    private async Task<TransformerRunner> TransformerAsync(
        WeightStore weights,
        TransformerOptions? options = null,
        DType compute = DType.F32
    ) =>
        Own(
            await TransformerRunner.CreateAsync(
                Graphs,
                Config,
                weights,
                new SessionSettings { Compute = compute },
                options: options,
                cancellationToken: Token
            )
        );

    private float[] Run(TransformerRunner transformer, AdapterUse? use = null) => RunAll(transformer, use)[0];

    private float[][] RunAll(TransformerRunner transformer, params AdapterUse?[] uses)
    {
        using var context = Noise(9, [1, Config.TextLength, Config.TextDim]);
        List<TextKeys> keys = [.. uses.Select(use => Own(transformer.PrepareContext(context, adapter: use, cancellationToken: Token)))];
        using var one = Noise(10, [1, Config.InChannels, 3, 4, 6]);
        using var latents = Tensor.Zeros(DType.F32, [uses.Length, Config.InChannels, 3, 4, 6]);
        for (var row = 0; row < uses.Length; row++)
        {
            one.ConvertTo(latents.Slice(row, 1));
        }

        using var velocity = Tensor.Zeros(DType.F32, latents.Shape);
        transformer.Forward(latents, [.. uses.Select(_ => 700f)], keys, velocity, Token);
        return [.. uses.Select((_, row) => velocity.Slice(row, 1).Read<float>().ToArray())];
    }

    private static float Distance(float[] expected, float[] actual) => expected.Zip(actual, (e, a) => MathF.Abs(e - a)).Max();

    private static void AssertClose(float[] expected, float[] actual)
    {
        var worst = Distance(expected, actual);
        Assert.True(worst <= Tolerance, $"The largest error is {worst}, {Tolerance} is allowed.");
    }
}
