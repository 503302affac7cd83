using System.Globalization;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Noise;
using WanSharp.Engine.Sampling;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Denoising;

/// <summary>Steps with tiny networks; whole trajectories are held to the official ones by the pipelines' fixtures.</summary>
[Collection("alone")]
public sealed class DenoiserTests : IDisposable
{
    private readonly LiveObjects _live = new();
    private const double Boundary = 0.9;
    private const int ImageChannels = 20;
    private static readonly GuidanceScales Scales = new(LowNoise: 2, HighNoise: 7);

    private static readonly TransformerConfig TextToVideo = new()
    {
        TextLength = 5,
        Dim = 24,
        FfnDim = 32,
        FreqDim = 8,
        TextDim = 12,
        Heads = 2,
        Layers = 1,
    };

    private static readonly TransformerConfig ImageToVideo = TextToVideo with
    {
        ModelType = ModelType.ImageToVideo,
        InChannels = 16 + ImageChannels,
        VisionDim = 8,
    };

    private readonly List<IDisposable> _owned = [];
    private readonly GraphCache _graphs;

    public DenoiserTests(RuntimeFixture fixture) => _graphs = Own(new GraphCache(fixture.Runtime));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Step_AroundTheBoundary_IsTheExpertsOwnAtItsOwnScale()
    {
        var (low, high) = (await TransformerAsync(TextToVideo, seed: 1), await TransformerAsync(TextToVideo, seed: 2));
        using var clip = Clip(Scales, ImageConditions.None, Boundary);
        using var denoiser = new Denoiser(new Experts(low, high));
        float[] timesteps = clip.Sampler.Timesteps.ToArray();
        Assert.True(timesteps[0] >= 1000 * Boundary && timesteps[^1] < 1000 * Boundary, "the clip crosses the boundary");

        while (!clip.Done)
        {
            var isHigh = timesteps[clip.Sampler.NextStep] >= 1000 * Boundary;
            using var alone = Copy(clip, new GuidanceScales(isHigh ? Scales.HighNoise : Scales.LowNoise));
            using var only = new Denoiser(new Experts(isHigh ? high : low));

            denoiser.Step(clip, Cancellation);
            only.Step(alone, Cancellation);

            Assert.Equal(alone.Latents.Read<float>(), clip.Latents.Read<float>());
            var switchesNext = !clip.Done && timesteps[clip.Sampler.NextStep] < 1000 * Boundary;
            Assert.Equal(switchesNext || !isHigh, denoiser.Reading is not null); // begun with the last step before the switch
        }
    }

    [Theory]
    [InlineData(899, false)]
    [InlineData(900, true)] // the boundary itself is the high-noise expert's
    [InlineData(999, true)]
    public async Task IsHighNoise_AtATimestep_IsTheOfficialChoice(float timestep, bool expected)
    {
        var (low, high) = (await TransformerAsync(TextToVideo, seed: 1), await TransformerAsync(TextToVideo, seed: 2));
        var experts = new Experts(low, high);

        Assert.Equal(expected, ExpertBoundary.IsHighNoise(timestep, Boundary));
        Assert.Same(expected ? high : low, experts.For(expected));
        Assert.Same(low, new Experts(low).For(expected));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task For_TheOtherExpert_LetsTheIdleOnesPagesGoUnlessThereIsRoomForBoth(bool isRoom)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux tells which pages a process has");
        var file = Own(new TemporaryFolder())["low.safetensors"];
        using (var random = new RandomWeights(seed: 1, WanTransformer.Whole(TextToVideo, new GraphOptions())))
        {
            SafetensorsWriter.Write(file, random.Tensors);
        }

        var weights = Own(new WeightStore(SafetensorsFile.Open(file)));
        weights.StaysWhenIdle = isRoom;
        var low = Own(
            await TransformerRunner.CreateAsync(_graphs, TextToVideo, weights, new SessionSettings(), cancellationToken: Cancellation)
        );
        var experts = new Experts(low, await TransformerAsync(TextToVideo, seed: 2));
        using var clip = Clip(Scales, ImageConditions.None);
        using var denoiser = new Denoiser(experts);
        denoiser.Step(clip, Cancellation);
        var before = ResidentKilobytes(file);

        experts.For(isHighNoise: true);

        var after = ResidentKilobytes(file);
        Assert.True(isRoom ? after > before / 2 : after < before / 2, $"{before} kB were resident, {after} kB are");
    }

    [Fact]
    public async Task Step_WithAnImage_JoinsItsChannelsAndAttendsToItsFeatures()
    {
        var transformer = await TransformerAsync(ImageToVideo, seed: 3);
        using var images = new ImageConditions
        {
            Channels = Noise([1, ImageChannels, 3, 4, 6], seed: 4),
            ImageFeatures = Noise([1, 5, 8], seed: 5),
        };
        using var clip = Clip(Scales, images);
        float[] conditional = [],
            unconditional = [];
        using var denoiser = new Denoiser(new Experts(transformer))
        {
            Observe = (kind, value) =>
                _ = kind switch
                {
                    StepValue.Conditional => conditional = value.Read<float>().ToArray(),
                    StepValue.Unconditional => unconditional = value.Read<float>().ToArray(),
                    _ => null,
                },
        };
        float[] joined = [.. clip.Latents.Read<float>(), .. images.Channels!.Read<float>()];
        using var input = Tensor.CopyOf<float>([2, 16 + ImageChannels, 3, 4, 6], [.. joined, .. joined]);
        using var features = Tensor.CopyOf<float>(
            [2, 5, 8],
            [.. images.ImageFeatures!.Read<float>(), .. images.ImageFeatures.Read<float>()]
        );
        using var contexts = Tensor.CopyOf<float>([2, 5, 12], [.. clip.Contexts[0].Read<float>(), .. clip.Contexts[1].Read<float>()]);
        using var expected = Tensor.Zeros(DType.F32, [2, 16, 3, 4, 6]);
        var timestep = clip.Sampler.Timesteps[0];
        transformer.Forward(input, [timestep, timestep], contexts, expected, features, Cancellation);

        denoiser.Step(clip, Cancellation);

        Assert.Equal(expected.Slice(0, 1).Read<float>().ToArray(), conditional);
        Assert.Equal(expected.Slice(1, 1).Read<float>().ToArray(), unconditional);
    }

    public void Dispose()
    {
        _owned.Reverse();
        _owned.ForEach(owned => owned.Dispose());
        _live.AssertNoneIsLeft();
    }

    private static DenoiseState Clip(GuidanceScales scales, ImageConditions images, double? boundary = null)
    {
        var sampler = Samplers.Create(SamplerKind.Euler, steps: 4, shift: 3);
        return new(
            sampler,
            StepGuidance.By(scales, sampler.Timesteps, boundary),
            [Noise([1, 5, 12], seed: 6), Noise([1, 5, 12], seed: 7)],
            images,
            Noise([1, 16, 3, 4, 6], seed: 8),
            boundary
        );
    }

    /// <summary>The clip where it stands, with other scales.</summary>
    private static DenoiseState Copy(DenoiseState clip, GuidanceScales scales)
    {
        var copy = Clip(scales, clip.Images);
        copy.Sampler.Restore(clip.Sampler.Save());
        clip.Latents.Read<float>().CopyTo(copy.Latents.Write<float>());
        return copy;
    }

    /// <summary>How much of a mapped file is in the process's memory. Source: Linux:Documentation/filesystems/proc.rst, smaps.</summary>
    private static int ResidentKilobytes(string file) =>
        File.ReadAllLines("/proc/self/smaps")
            .SkipWhile(line => !line.EndsWith(file, StringComparison.Ordinal))
            .Where(line => line.StartsWith("Rss:", StringComparison.Ordinal))
            .Select(line => int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture))
            .First();

    private static Tensor Noise(Shape shape, ulong seed)
    {
        var tensor = Tensor.Zeros(DType.F32, shape);
        new NoiseGenerator(seed).Fill(tensor.Write<float>());
        return tensor;
    }

    private async Task<TransformerRunner> TransformerAsync(TransformerConfig config, ulong seed)
    {
        var weights = Own(new WeightStore(new RandomWeights(seed, WanTransformer.Whole(config, new GraphOptions()))));
        return Own(await TransformerRunner.CreateAsync(_graphs, config, weights, new SessionSettings(), cancellationToken: Cancellation));
    }

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}
