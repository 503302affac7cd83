using WanSharp.Engine.Denoising;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Noise;
using WanSharp.Engine.Sampling;
using WanSharp.Tensors;

namespace WanSharp.Engine.Tests.Denoising;

/// <summary>Clips that are guided in different ways step together, and each becomes what it becomes alone.</summary>
[Collection("alone")]
public sealed class DenoiserGuidanceTests(TinyTransformer transformer) : IClassFixture<TinyTransformer>
{
    private const int Steps = 4;

    /// <summary>Matrix kernels choose by shape, so a batch of several rounds otherwise than batches of one.</summary>
    private const float BatchTolerance = 1e-4f;

    private static readonly Shape Latents = [1, 4, 3, 4, 4];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static StepGuidance Plain => new() { Scales = [4, 4, 4, 4] };

    private static Dictionary<string, StepGuidance> Ways =>
        new()
        {
            ["plain"] = Plain,
            ["none"] = Plain with { Scales = [1, 1, 1, 1] },
            ["interval"] = Plain with { Scales = [1, 4, 1, 4] },
            ["zero"] = Plain with { ZeroSteps = 1, IsZeroStar = true },
            ["apg"] = Plain with { Projected = new ProjectedGuidance(1) },
            ["slg"] = Plain with { Skipped = new SkippedBlocks([0], StepInterval.All) },
            ["slg late"] = Plain with { Skipped = new SkippedBlocks([0], new StepInterval(0.5, 1)) },
            ["nag"] = Plain with { Scales = [1, 1, 1, 1], Attention = new AttentionGuidance(5) },
            ["nag and guidance"] = Plain with { Attention = new AttentionGuidance(11, 2.5, 0.25) },
        };

    [Fact]
    public void Steps_EachWay_ChangeTheClip()
    {
        var clips = Ways.ToDictionary(way => way.Key, way => Denoise(way.Value));

        Assert.All(clips.Values, clip => Assert.All(clip, value => Assert.True(float.IsFinite(value))));
        Assert.All(
            from one in clips
            from other in clips
            where string.CompareOrdinal(one.Key, other.Key) < 0
            select (one, other),
            pair =>
                Assert.True(
                    !pair.one.Value.AsSpan().SequenceEqual(pair.other.Value),
                    $"{pair.one.Key} and {pair.other.Key} make the same clip."
                )
        );
    }

    [Fact]
    public void Steps_Together_AreThoseOfEachAlone()
    {
        var ways = Ways.Where(way => way.Value.Attention is null).Concat(Ways.Where(way => way.Value.Attention is not null)).ToList();
        using var denoiser = new Denoiser(new Experts(transformer.Runner));
        List<DenoiseState> clips = [.. ways.Select(way => Clip(way.Value))];
        while (!clips[0].Done)
        {
            foreach (var together in clips.GroupBy(Denoiser.KeyOf))
            {
                denoiser.Step([.. together], Token);
            }
        }

        foreach (var (way, clip) in ways.Zip(clips))
        {
            AssertClose(way.Key, Denoise(way.Value), clip.Latents.Read<float>());
            clip.Dispose();
        }
    }

    [Fact]
    public void KeyOf_ClipsWithAttentionGuidance_KeepsThemFromThoseThatNeedNotPayForIt()
    {
        using var plain = Clip(Plain);
        using var interval = Clip(Ways["interval"]);
        using var guided = Clip(Ways["nag"]);
        using var slowed = Clip(Plain, slowed: 1);

        Assert.Equal(Denoiser.KeyOf(plain), Denoiser.KeyOf(interval));
        Assert.NotEqual(Denoiser.KeyOf(plain), Denoiser.KeyOf(guided));
        Assert.NotEqual(Denoiser.KeyOf(plain), Denoiser.KeyOf(slowed));
    }

    [Fact]
    public void Step_WithoutAVelocity_TakesNoPass()
    {
        using var clip = Clip(Ways["zero"]);
        using var denoiser = new Denoiser(new Experts(transformer.Runner));
        var before = clip.Latents.Read<float>().ToArray();

        denoiser.Step(clip, Token);

        Assert.Equal(before, clip.Latents.Read<float>()); // Euler's step of nothing
        Assert.Equal(1, clip.Sampler.NextStep);
    }

    [Fact]
    public void Steps_WithASlowedFrequency_MakeAnotherClip() => Assert.NotEqual(Denoise(Plain), Denoise(Plain, slowed: 1));

    [Theory]
    [InlineData("apg")]
    [InlineData("nag")]
    [InlineData("plain")]
    public void Restore_InTheMiddle_EndsWithTheSameBits(string name)
    {
        using var denoiser = new Denoiser(new Experts(transformer.Runner));
        using var clip = Clip(Ways[name]);
        denoiser.Step(clip, Token);
        denoiser.Step(clip, Token);
        using var file = new MemoryStream();
        new DenoiseSnapshot("a clip", clip.Latents.Read<float>().ToArray(), clip.Sampler.Save(), clip.Projection?.Average, null).Write(
            file
        );
        file.Position = 0;

        var snapshot = DenoiseSnapshot.Read(file);
        using var resumed = Clip(Ways[name]);
        resumed.Restore(snapshot.Latents, snapshot.Sampler, snapshot.Average);
        while (!resumed.Done)
        {
            denoiser.Step(resumed, Token);
        }

        Assert.Equal(name == "apg", snapshot.Average is not null);
        Assert.Equal(Denoise(Ways[name]), resumed.Latents.Read<float>().ToArray());
    }

    [Fact]
    public void Restore_WhatGuidanceRemembers_NeedsAClipThatRemembers()
    {
        using var clip = Clip(Plain);
        var latents = new float[Latents.ElementCount];

        Assert.Throws<ArgumentException>(() => clip.Restore(latents, clip.Sampler.Save(), latents));
    }

    private float[] Denoise(StepGuidance guidance, int? slowed = null)
    {
        using var clip = Clip(guidance, slowed);
        using var denoiser = new Denoiser(new Experts(transformer.Runner));
        while (!clip.Done)
        {
            denoiser.Step(clip, Token);
        }

        return clip.Latents.Read<float>().ToArray();
    }

    private DenoiseState Clip(StepGuidance guidance, int? slowed = null)
    {
        var configuration = transformer.Runner.Configuration;
        return new DenoiseState(
            Samplers.Create(SamplerKind.Euler, Steps, 3),
            guidance,
            [.. Enumerable.Range(0, 2).Select(seed => Random([1, configuration.TextLength, configuration.TextDim], 1000 + (ulong)seed))],
            ImageConditions.None,
            Random(Latents, seed: 7)
        )
        {
            SlowedFrequency = slowed,
        };
    }

    private static Tensor Random(Shape shape, ulong seed)
    {
        var tensor = Tensor.Zeros(DType.F32, shape);
        new NoiseGenerator(seed).Fill(tensor.Write<float>());
        return tensor;
    }

    private static void AssertClose(string name, float[] expected, ReadOnlySpan<float> actual)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) < BatchTolerance, $"{name}: {expected[i]} alone, {actual[i]} together");
        }
    }
}
