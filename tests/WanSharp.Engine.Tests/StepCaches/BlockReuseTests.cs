using WanSharp.Engine.Noise;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.StepCaches;

/// <summary>Rows of a pass whose blocks after the first do not run.</summary>
[Collection("alone")]
public sealed class BlockReuseTests(TinyEngine engine) : IAsyncLifetime
{
    /// <summary>What was subtracted is added again, in binary32; and a batch of fewer rows rounds otherwise.</summary>
    private const float Tolerance = 1e-5f;

    private const double Any = 100;

    private static readonly Shape Row = [1, 4, 2, 4, 4];

    private readonly LiveObjects _live = new();
    private readonly GraphCache _graphs = new(engine.Runtime);
    private TransformerRunner _transformer = null!;
    private TextKeys _keys = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _transformer = await TransformerRunner.CreateAsync(
            _graphs,
            engine.Model.Transformer,
            engine.Model.TransformerWeights,
            new SessionSettings(),
            cancellationToken: Token
        );
        using var text = Random([1, _transformer.Configuration.TextLength, _transformer.Configuration.TextDim], 5);
        _keys = _transformer.PrepareContext(text, cancellationToken: Token);
    }

    public ValueTask DisposeAsync()
    {
        _keys.Dispose();
        _transformer.Dispose();
        _graphs.Dispose();
        _live.AssertNoneIsLeft();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void Forward_OfTheSameAgain_ReusesAndGivesTheSame()
    {
        var reuse = new BlockReuse(Any) { MayReuse = true };

        var first = Forward([1], [500], [reuse]);
        Assert.False(reuse.DidReuse);
        var second = Forward([1], [500], [reuse]);

        Assert.True(reuse.DidReuse);
        Assert.Equal(Forward([1], [500], []), first);
        AssertClose(first, second);
    }

    [Fact]
    public void Forward_OfOtherLatents_AddsWhatTheBlocksAddedBefore()
    {
        var reuse = new BlockReuse(Any) { MayReuse = true };
        Forward([1], [500], [reuse]);

        var reused = Forward([2], [480], [reuse]);

        Assert.True(reuse.DidReuse);
        Assert.NotEqual(Forward([2], [480], []), reused);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(Any, false)]
    public void Forward_OfWhatChangedOrMayNotBeReused_RunsAllBlocks(double threshold, bool mayReuse)
    {
        var reuse = new BlockReuse(threshold) { MayReuse = mayReuse };
        Forward([1], [500], [reuse]);

        var second = Forward([2], [480], [reuse]);

        Assert.False(reuse.DidReuse);
        Assert.Equal(Forward([2], [480], []), second);
    }

    [Fact]
    public void Forward_OfRowsOfWhichSomeReuse_GivesEachWhatItGetsAlone()
    {
        BlockReuse?[] together = [.. Enumerable.Range(0, 4).Select(row => row == 3 ? null : new BlockReuse(Any))];
        BlockReuse?[] alone = [.. Enumerable.Range(0, 4).Select(row => row == 3 ? null : new BlockReuse(Any))];
        ulong[] seeds = [1, 2, 3, 4];
        float[] timesteps = [900, 700, 500, 300];
        foreach (var pass in Enumerable.Range(0, 3))
        {
            for (var row = 0; row < 3; row++)
            {
                together[row]!.MayReuse = alone[row]!.MayReuse = (row + pass) % 3 > 0;
            }

            var all = Forward(seeds, timesteps, together);
            for (var row = 0; row < 4; row++)
            {
                var one = Forward([seeds[row]], [timesteps[row]], [alone[row]]);

                AssertClose(one, all[(row * one.Length)..((row + 1) * one.Length)]);
                Assert.Equal(alone[row]?.DidReuse, together[row]?.DidReuse);
                Assert.Equal(pass > 0 && row < 3 && (row + pass) % 3 > 0, together[row]?.DidReuse is true);
            }

            seeds = [.. seeds.Select(seed => seed + 10)];
        }
    }

    private float[] Forward(ulong[] seeds, float[] timesteps, BlockReuse?[] reuse)
    {
        Shape shape = [seeds.Length, .. Row.Dims[1..]];
        using var latents = Tensor.Zeros(DType.F32, shape);
        for (var row = 0; row < seeds.Length; row++)
        {
            new NoiseGenerator(seeds[row]).Fill(latents.Slice(row, 1).Write<float>());
        }

        using var velocity = Tensor.Zeros(DType.F32, shape);
        TextKeys[] contexts = [.. Enumerable.Repeat(_keys, seeds.Length)];
        _transformer.Forward(latents, timesteps, contexts, velocity, new PassOptions { Reuse = reuse }, Token);
        return velocity.Read<float>().ToArray();
    }

    private static Tensor Random(Shape shape, ulong seed)
    {
        var tensor = Tensor.Zeros(DType.F32, shape);
        new NoiseGenerator(seed).Fill(tensor.Write<float>());
        return tensor;
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        foreach (var (one, other) in expected.Zip(actual))
        {
            Assert.Equal(one, other, Tolerance);
        }
    }
}
