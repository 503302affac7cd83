using WanSharp.Engine.Denoising;
using WanSharp.Engine.Noise;
using WanSharp.Engine.Sampling;
using WanSharp.Tensors;

namespace WanSharp.Engine.Tests.Denoising;

/// <summary>What a step makes of its branches, its seed and its given frames.</summary>
[Collection("alone")]
public sealed class DenoiserBranchTests(TinyTransformer transformer) : IClassFixture<TinyTransformer>
{
    /// <summary>Matrix kernels choose by shape, so a batch of two rounds otherwise than two batches of one.</summary>
    private const float BatchTolerance = 1e-5f;

    private static readonly Shape Small = [1, 4, 3, 4, 4];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Step_OfOneBranch_EvaluatesThePromptAlone()
    {
        var seen = Observe(Small, branches: [0]);

        Assert.Equal([StepValue.Conditional], seen.Select(velocity => velocity.Kind));
    }

    [Fact]
    public void Step_OfTwoBranches_CombinesThem()
    {
        var seen = Observe(Small, branches: [0, 1]);

        Assert.Equal([StepValue.Conditional, StepValue.Unconditional, StepValue.Guided], seen.Select(velocity => velocity.Kind));
        Assert.NotEqual(seen[0].Values, seen[1].Values);
        Assert.NotEqual(seen[0].Values, seen[2].Values);
    }

    [Theory]
    [InlineData(4, 4)] // few tokens: the branches share a forward pass
    [InlineData(64, 48)] // 2304 tokens each: one after the other
    public void Step_OfTwoBranches_EqualsEachAlone(int height, int width)
    {
        Shape latents = [1, 4, 3, height, width];
        var both = Observe(latents, branches: [0, 1]);

        AssertClose(Observe(latents, branches: [0])[0].Values, both[0].Values);
        AssertClose(Observe(latents, branches: [1])[0].Values, both[1].Values);
    }

    [Fact]
    public void Steps_OfTheSameSeed_AreBitIdentical()
    {
        var first = Denoise(seed: 7);

        Assert.Equal(first, Denoise(seed: 7));
        Assert.NotEqual(first, Denoise(seed: 8));
        Assert.All(first, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Steps_WithAGivenFrame_KeepItExactly()
    {
        using var given = Random([4, 4, 4], seed: 99);
        var expected = given.Read<float>().ToArray();
        using var images = new ImageConditions { Frames = new CleanFrames(new Dictionary<int, Tensor> { [0] = given }) };
        using var clip = Clip(Small, seed: 7, branches: [0, 1], images);
        using var denoiser = new Denoiser(new Experts(transformer.Runner));
        while (!clip.Done)
        {
            denoiser.Step(clip, Token);
            Assert.Equal(expected, FirstFrame(clip.Latents));
        }

        Assert.NotEqual(Denoise(seed: 7)[16..32], clip.Latents.Read<float>()[16..32].ToArray()); // and the next frame sees it
    }

    [Fact]
    public void Step_Cancelled_DoesNotMoveTheClip()
    {
        using var clip = Clip(Small, seed: 7, branches: [0], ImageConditions.None);
        using var denoiser = new Denoiser(new Experts(transformer.Runner));
        var before = clip.Latents.Read<float>().ToArray();

        Assert.ThrowsAny<OperationCanceledException>(() => denoiser.Step(clip, new CancellationToken(canceled: true)));

        Assert.Equal(0, clip.Sampler.NextStep);
        Assert.Equal(before, clip.Latents.Read<float>());
        denoiser.Step(clip, Token); // and it can go on
        Assert.Equal(1, clip.Sampler.NextStep);
    }

    private List<(StepValue Kind, float[] Values)> Observe(Shape latents, int[] branches)
    {
        var seen = new List<(StepValue, float[])>();
        using var clip = Clip(latents, seed: 7, branches, ImageConditions.None);
        using var denoiser = new Denoiser(new Experts(transformer.Runner)) { Observe = (kind, value) => Note(seen, kind, value) };
        denoiser.Step(clip, Token);
        return seen;
    }

    private static void Note(List<(StepValue, float[])> seen, StepValue kind, Tensor value)
    {
        if (kind is StepValue.Conditional or StepValue.Unconditional or StepValue.Guided)
        {
            seen.Add((kind, value.Read<float>().ToArray()));
        }
    }

    private float[] Denoise(ulong seed)
    {
        using var clip = Clip(Small, seed, branches: [0, 1], ImageConditions.None);
        using var denoiser = new Denoiser(new Experts(transformer.Runner));
        while (!clip.Done)
        {
            denoiser.Step(clip, Token);
        }

        return clip.Latents.Read<float>().ToArray();
    }

    private DenoiseState Clip(Shape latents, ulong seed, int[] branches, ImageConditions images)
    {
        var configuration = transformer.Runner.Configuration;
        return new DenoiseState(
            Samplers.Create(SamplerKind.UniPc, 3, 3),
            new StepGuidance { Scales = [.. Enumerable.Repeat(branches.Length > 1 ? 4f : 1f, 3)] },
            [.. branches.Select(branch => Random([1, configuration.TextLength, configuration.TextDim], seed: 1000 + (ulong)branch))],
            images,
            Random(latents, seed)
        );
    }

    private static Tensor Random(Shape shape, ulong seed)
    {
        var tensor = Tensor.Zeros(DType.F32, shape);
        new NoiseGenerator(seed).Fill(tensor.Write<float>());
        return tensor;
    }

    private static float[] FirstFrame(Tensor latents)
    {
        var (frames, area) = ((int)latents.Shape[2], (int)(latents.Shape[3] * latents.Shape[4]));
        var values = latents.Read<float>().ToArray();
        return
        [
            .. Enumerable.Range(0, (int)latents.Shape[1]).SelectMany(channel => values.AsSpan(channel * frames * area, area).ToArray()),
        ];
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var worst = expected.Zip(actual, (e, a) => MathF.Abs(e - a)).Max();
        Assert.True(worst <= BatchTolerance, $"The largest error is {worst}, {BatchTolerance} is allowed.");
    }
}
