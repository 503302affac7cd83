using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>Passes that differ from the network as it is: left-out blocks, slowed positions, negative prompts in attention.</summary>
[Collection("native objects")]
public sealed class PassOptionsTests(RuntimeFixture fixture) : TransformerTests(fixture)
{
    private const float Tolerance = 1e-5f;

    [Theory]
    [InlineData(Lowering.Fused)]
    [InlineData(Lowering.Plain)]
    public void Guided_IsTheOriginals(Lowering lowering)
    {
        using var expected = Fixture.Open("guidance");
        var g = new GraphBuilder("guided", new GraphOptions { Lowering = lowering });
        var (p, n) = (g.Input("p", DType.F32, ["batch", "tokens", 24]), g.Input("n", DType.F32, ["batch", "tokens", 24]));
        g.Output("out", WanTransformer.Guided(g, p, n, g.Input("guidance", DType.F32, ["batch", 3])));
        using var session = new GraphSession(Runtime, g.Build(), Network.Weights);

        var actual = session
            .Run([("p", expected.Get("nag.p")), ("n", expected.Get("nag.n")), ("guidance", expected.Get("nag.guidance"))])["out"]
            .Read<float>();

        var values = expected.Get("nag.out").Read<float>();
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal(values[i], actual[i], Tolerance);
        }

        // the last sample has a scale of 1 and an alpha of 0
        Assert.Equal(expected.Get("nag.p").Slice(2, 1).Read<float>(), actual[^(6 * 24)..]);
    }

    [Fact]
    public void RopeTables_WithASlowedFrequency_AreTheOriginals()
    {
        using var expected = Fixture.Open("guidance");
        var config = new TransformerConfig { Dim = 128, Heads = 1 };

        var (cos, sin) = WanTransformer.RopeTables(config, 40, config.PatchSize.Height, config.PatchSize.Width, slowed: 6);

        using (cos)
        using (sin)
        {
            Assert.Equal(22, WanTransformer.TimeFrequencies(config));
            foreach (var (table, name) in new[] { (cos, "riflex.cos"), (sin, "riflex.sin") })
            {
                for (var frame = 0; frame < 40; frame++)
                {
                    var values = expected.Get(name).Slice(frame, 1).Read<float>();
                    for (var i = 0; i < values.Length; i++)
                    {
                        Assert.Equal(values[i], table.Read<float>()[(frame * 64) + i], 2e-5f); // their angles are in binary32
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(2)]
    public async Task Forward_RowsWithoutANegativePrompt_AreAsTheyWouldBe(int? tokensAtOnce)
    {
        var transformer = await TransformerAsync(new TransformerOptions { TokensAtOnce = tokensAtOnce });
        var (prompt, negative) = (Keys(transformer, words: 3), Keys(transformer, words: 2));
        var plain = Forward(transformer, [prompt, prompt], PassOptions.Plain);

        var guided = Forward(
            transformer,
            [prompt, prompt],
            new PassOptions { Negatives = [new NegativeText(negative, 5, 3.5f, 0.5f), null] }
        );

        AssertClose(plain[1], guided[1]);
        Assert.True(Distance(plain[0], guided[0]) > 1e-3f);

        // away from itself is nowhere
        var self = Forward(transformer, [prompt], new PassOptions { Negatives = [new NegativeText(prompt, 5, 3.5f, 0.5f)] });
        AssertClose(Forward(transformer, [prompt], PassOptions.Plain)[0], self[0]);
        Assert.Equal(plain, Forward(transformer, [prompt, prompt], PassOptions.Plain)); // the plain graphs are as they were
    }

    [Fact]
    public async Task Forward_WithBlocksLeftOut_IsThatOfTheOthers()
    {
        var transformer = await TransformerAsync(new TransformerOptions());
        var prompt = Keys(transformer, words: 3);

        var without = Forward(transformer, [prompt], new PassOptions { SkippedBlocks = [.. Enumerable.Range(1, Config.Layers - 1)] })[0];

        using var shorter = await TransformerRunner.CreateAsync(
            Graphs,
            Config with
            {
                Layers = 1,
            },
            Network.Store,
            new SessionSettings(),
            cancellationToken: Token
        );
        using var keys = shorter.PrepareContext(Context(words: 3), cancellationToken: Token);
        AssertClose(Forward(shorter, [keys], PassOptions.Plain)[0], without);
    }

    /// <summary>Skip-layer guidance: the pass of the negative prompt leaves a block out (tests/tools/make_slg_fixture.py).</summary>
    [Theory]
    [InlineData("c", 0, null)]
    [InlineData("u", 1, 1)]
    public async Task Forward_OfASkipLayerPass_IsTheOriginals(string name, int context, int? skipped)
    {
        using var expected = Fixture.Open("guidance");
        var transformer = await TransformerAsync(new TransformerOptions());
        using var text = Tensor.Zeros(DType.F32, [1, Config.TextLength, Config.TextDim]);
        var words = Network.Floats($"case0.in.context.{context}");
        words.CopyTo(text.Write<float>());
        using var keys = transformer.PrepareContext(text, cancellationToken: Token);
        var x = Network.Values.Get("case0.in.x.0");
        using var latents = Tensor.CopyOf<float>(Shape.Create([1, .. x.Shape.Dims]), x.Read<float>());
        using var velocity = Tensor.Zeros(DType.F32, latents.Shape);

        transformer.Forward(
            latents,
            [Network.Floats("case0.in.t")[0]],
            [keys],
            velocity,
            new PassOptions { SkippedBlocks = skipped is { } block ? [block] : [] },
            Token
        );

        AssertClose(NetworkFixture.Floats(expected.Get($"slg.{name}")), velocity.Read<float>().ToArray());
    }

    [Fact]
    public async Task Forward_OfOneGraph_RunsAsItIs()
    {
        var transformer = await TransformerAsync(new TransformerOptions { Mode = CompileMode.Whole });
        var prompt = Keys(transformer, words: 3);

        Assert.False(transformer.TakesPassOptions);
        Assert.Throws<NotSupportedException>(() => Forward(transformer, [prompt], new PassOptions { SlowedFrequency = 1 }));
    }

    private TextKeys Keys(TransformerRunner transformer, int words) =>
        Own(transformer.PrepareContext(Context(words), cancellationToken: Token));

    private float[][] Forward(TransformerRunner transformer, IReadOnlyList<TextKeys> contexts, PassOptions options)
    {
        var batch = contexts.Count;
        using var latents = Latents(batch);
        using var velocity = Tensor.Zeros(DType.F32, latents.Shape);
        transformer.Forward(latents, [.. Enumerable.Repeat(500f, batch)], contexts, velocity, options, Token);
        return [.. Enumerable.Range(0, batch).Select(row => velocity.Slice(row, 1).Read<float>().ToArray())];
    }

    private static float Distance(float[] left, float[] right) => left.Zip(right, (a, b) => Math.Abs(a - b)).Max();

    private static void AssertClose(float[] expected, float[] actual) => Assert.True(Distance(expected, actual) < Tolerance);
}
