using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>What a context has made once serves every step, in every batch, kept or not.</summary>
[Collection("native objects")]
public sealed class TextKeysTests(RuntimeFixture fixture) : TransformerTests(fixture)
{
    /// <summary>Matrix kernels choose by shape, so a batch of two rounds otherwise than two batches of one.</summary>
    private const float BatchTolerance = 1e-5f;

    private static readonly float[] Steps = [900, 20];

    [Theory]
    [InlineData(CompileMode.Blocks)]
    [InlineData(CompileMode.Whole)]
    public async Task Forward_WithKeysMadeOnce_EqualsAPassThatMakesThemAnew(CompileMode mode)
    {
        var transformer = await TransformerAsync(new TransformerOptions { Mode = mode });
        var keys = Own(transformer.PrepareContext(Context(words: 3), cancellationToken: Token));

        foreach (var timestep in Steps)
        {
            Assert.Equal(Forward(transformer, timestep, Context(words: 3)), Forward(transformer, [timestep], [keys])[0]);
        }
    }

    [Theory]
    [InlineData(CompileMode.Blocks)]
    [InlineData(CompileMode.Whole)]
    public async Task Forward_OfRequestsWithTextsOfDifferentLengths_EqualsEachAlone(CompileMode mode)
    {
        var transformer = await TransformerAsync(new TransformerOptions { Mode = mode });
        int[] words = [1, Config.TextLength, 4];
        List<TextKeys> keys = [.. words.Select(count => Own(transformer.PrepareContext(Context(count), cancellationToken: Token)))];
        Assert.Equal([2, Config.TextLength, 5], keys.Select(context => context.Rows));
        float[] timesteps = [900, 20, 500];

        var together = Forward(transformer, timesteps, keys);

        for (var row = 0; row < words.Length; row++)
        {
            AssertClose(Forward(transformer, timesteps[row], Context(words[row])), together[row]);
        }
    }

    [Theory]
    [InlineData(CompileMode.Blocks)]
    [InlineData(CompileMode.Whole)]
    public async Task Forward_WithRoomForOneBlock_ComputesTheOthersInEveryStep(CompileMode mode)
    {
        var all = await TransformerAsync(new TransformerOptions { Mode = mode });
        var oneBlock = 2 * 4 * 4 * Config.Dim; // keys and values of 3 words and a row of padding in F32
        var one = await TransformerAsync(new TransformerOptions { Mode = mode, KeyBytes = oneBlock });
        var kept = Own(all.PrepareContext(Context(words: 3), cancellationToken: Token));
        var computed = Own(one.PrepareContext(Context(words: 3), cancellationToken: Token));

        Assert.Equal(oneBlock * Config.Layers, kept.ByteLength);
        Assert.Equal(oneBlock, computed.ByteLength);
        Assert.Equal(Forward(all, [900], [kept]), Forward(one, [900], [computed]));
        Assert.Equal(Forward(all, Steps, [kept, kept]), Forward(one, Steps, [computed, computed]));
    }

    [Fact]
    public async Task Dispose_OfAContext_MakesRoomForTheNext()
    {
        var transformer = await TransformerAsync(new TransformerOptions { KeyBytes = 2 * 4 * 4 * Config.Dim * Config.Layers });
        var first = transformer.PrepareContext(Context(words: 3), cancellationToken: Token);
        Assert.Equal(0, Own(transformer.PrepareContext(Context(words: 3), cancellationToken: Token)).ByteLength);

        var bytes = first.ByteLength;
        first.Dispose();
        first.Dispose(); // gives back once

        Assert.Equal(bytes, Own(transformer.PrepareContext(Context(words: 3), cancellationToken: Token)).ByteLength);
        Assert.Equal(0, Own(transformer.PrepareContext(Context(words: 3), cancellationToken: Token)).ByteLength);
    }

    [Fact]
    public async Task Forward_WithContextsThatDoNotFit_SaysWhatIsWrong()
    {
        var (one, other) = (await TransformerAsync(new TransformerOptions()), await TransformerAsync(new TransformerOptions()));
        var keys = Own(one.PrepareContext(Context(words: 3), cancellationToken: Token));

        Assert.Contains(
            "another transformer",
            Assert.Throws<ArgumentException>(() => Forward(other, [900], [keys])).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "2 samples need a context each",
            Assert.Throws<ArgumentException>(() => Forward(one, Steps, [keys])).Message,
            StringComparison.Ordinal
        );
        keys.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Forward(one, [900], [keys]));
    }

    [Fact]
    public async Task PrepareContext_OfAnotherShape_SaysWhatIsExpected()
    {
        var transformer = await TransformerAsync(new TransformerOptions());
        using var both = Tensor.Zeros(DType.F32, [2, Config.TextLength, Config.TextDim]);
        using var image = Tensor.Zeros(DType.F32, [1, 5, 8]);

        Assert.Contains(
            $"[1, {Config.TextLength}, {Config.TextDim}]",
            Assert.Throws<ArgumentException>(() => transformer.PrepareContext(both, cancellationToken: Token)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "no image",
            Assert.Throws<ArgumentException>(() => transformer.PrepareContext(Context(words: 1), image, cancellationToken: Token)).Message,
            StringComparison.Ordinal
        );
    }

    private float[] Forward(TransformerRunner transformer, float timestep, Tensor context)
    {
        using var latents = Latents(1);
        using var velocity = Tensor.Zeros(DType.F32, latents.Shape);
        transformer.Forward(latents, [timestep], context, velocity, cancellationToken: Token);
        return velocity.Read<float>().ToArray();
    }

    /// <summary>Every row has the same latents; they differ by timestep and context.</summary>
    private float[][] Forward(TransformerRunner transformer, float[] timesteps, IReadOnlyList<TextKeys> contexts)
    {
        using var latents = Latents(timesteps.Length);
        using var velocity = Tensor.Zeros(DType.F32, latents.Shape);
        transformer.Forward(latents, timesteps, contexts, velocity, Token);
        return [.. Enumerable.Range(0, timesteps.Length).Select(row => velocity.Slice(row, 1).Read<float>().ToArray())];
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        var worst = expected.Zip(actual, (e, a) => MathF.Abs(e - a)).Max();
        Assert.True(worst <= BatchTolerance, $"The largest error is {worst}, {BatchTolerance} is allowed.");
    }
}
