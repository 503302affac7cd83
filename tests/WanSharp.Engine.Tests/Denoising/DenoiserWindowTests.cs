using WanSharp.Engine.Denoising;
using WanSharp.Engine.Guidance;
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

/// <summary>Steps of clips whose frames are divided into windows: each window is a row, and its conditions are its own frames'.</summary>
[Collection("alone")]
public sealed class DenoiserWindowTests(TinyEngine engine) : IAsyncLifetime
{
    private const int Steps = 3;
    private const int Frames = 9;
    private const int Channels = 5;

    /// <summary>Matrix kernels choose by shape, weights are rounded, and three steps add that up.</summary>
    private const float Tolerance = 1e-4f;

    private static readonly TransformerConfig Network = new()
    {
        ModelType = ModelType.TextImageToVideo,
        TextLength = 5,
        InChannels = 4 + Channels,
        OutChannels = 4,
        Dim = 24,
        FfnDim = 32,
        FreqDim = 8,
        TextDim = 12,
        Heads = 2,
        Layers = 2,
    };

    private readonly LiveObjects _live = new();
    private readonly List<IDisposable> _owned = [];
    private GraphCache _graphs = null!;
    private TransformerRunner _mixing = null!;
    private TransformerRunner _frameByFrame = null!;

    public static TheoryData<string> Ways => [.. Guidance.Keys];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static StepGuidance Plain => new() { Scales = [4, 4, 4] };

    private static Dictionary<string, StepGuidance> Guidance =>
        new()
        {
            ["plain"] = Plain,
            ["none"] = Plain with { Scales = [1, 1, 1] },
            ["some"] = Plain with { Scales = [4, 1, 4] },
            ["zero"] = Plain with { ZeroSteps = 1, IsZeroStar = true },
            ["apg"] = Plain with { Projected = new ProjectedGuidance(1) },
            ["slg"] = Plain with { Skipped = new SkippedBlocks([0], StepInterval.All) },
            ["nag"] = Plain with { Scales = [1, 1, 1], Attention = new AttentionGuidance(5) },
        };

    public async ValueTask InitializeAsync()
    {
        _graphs = Own(new GraphCache(engine.Runtime));
        _mixing = await OpenAsync(_ => { });
        _frameByFrame = await OpenAsync(weights =>
        {
            // Frames meet in self-attention alone: without what it adds, each is by itself.
            foreach (var (name, tensor) in weights.Tensors)
            {
                if (name.Contains("self_attn.o.", StringComparison.Ordinal))
                {
                    tensor.Write<float>().Clear();
                }
            }
        });
    }

    public ValueTask DisposeAsync()
    {
        _owned.Reverse();
        _owned.ForEach(owned => owned.Dispose());
        _live.AssertNoneIsLeft();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Steps_OfANetworkThatSeesFramesOneByOne_AreThoseOfTheWhole(string way)
    {
        var guidance = Guidance[way];
        using var images = Images();

        var whole = Denoise(_frameByFrame, guidance, images, windows: null);

        AssertClose(whole, Denoise(_frameByFrame, guidance, images, new MovingWindows(Frames, 4, 2, references: 0)));
        AssertClose(whole, Denoise(_frameByFrame, guidance, images, new MovingWindows(Frames - 2, 3, 1, references: 2)));
        Assert.NotEqual(whole, Denoise(_mixing, guidance, images, windows: null));
    }

    [Fact]
    public void Steps_OfANetworkThatMixesFrames_AreOthersInEachDivision()
    {
        using var images = Images();
        MovingWindows?[] divisions =
        [
            null,
            new MovingWindows(Frames, 4, 2, references: 0),
            new MovingWindows(Frames, 4, 1, references: 0),
            new MovingWindows(Frames, 5, 2, references: 0),
            new MovingWindows(Frames - 1, 4, 2, references: 1),
        ];

        var clips = divisions.Select(windows => Denoise(_mixing, Plain, images, windows)).ToList();

        for (var i = 0; i < clips.Count; i++)
        {
            Assert.All(clips[i], value => Assert.True(float.IsFinite(value)));
            Assert.All(clips[(i + 1)..], other => Assert.NotEqual(clips[i], other));
        }
    }

    [Fact]
    public void Step_InWindows_GivesEachWhatAClipOfItsFramesIsGiven()
    {
        using var images = Images();
        var moving = new MovingWindows(Frames, 5, 1, references: 0);
        var windows = moving.At(0);
        using var clip = Clip(Plain with { Scales = [1, 1, 1] }, images, moving);
        float[] velocity = [];
        using var denoiser = new Denoiser(new Experts(_mixing))
        {
            Observe = (kind, value) => velocity = kind == StepValue.Conditional ? value.Read<float>().ToArray() : velocity,
        };
        var expected = new float[clip.Latents.Shape.ElementCount];
        for (var window = 0; window < windows.All.Count; window++)
        {
            var shape = windows.ShapeOf(clip.Latents.Shape);
            using var input = Tensor.Zeros(DType.F32, [1, 4 + Channels, shape[2], shape[3], shape[4]]);
            using var result = Tensor.Zeros(DType.F32, shape);
            clip.FillRow(window, input.Write<float>());
            var timesteps = new float[shape[2]];
            clip.FillTimesteps(window, timesteps);
            Assert.Equal(window == 0, timesteps[0] == 0); // the given frame
            Assert.Equal(window == windows.All.Count - 1, timesteps[^1] == 0);
            _mixing.Forward(input, timesteps, clip.Contexts[0], result, cancellationToken: Token);
            windows.Add(window, channels: 4, result.Read<float>(), expected);
        }

        denoiser.Step(clip, Token);

        Assert.Equal(expected, velocity);
    }

    [Fact]
    public void Steps_WithOtherClips_AreThoseOfEachAlone()
    {
        using var images = Images();
        var windows = new MovingWindows(Frames, 4, 2, references: 0);
        using var one = Clip(Plain, images, windows, seed: 1);
        using var other = Clip(Plain with { Scales = [1, 4, 1] }, images, windows, seed: 2);
        using var piece = Clip(Plain, images, windows: null);
        using var fewer = Clip(Plain, images, new MovingWindows(Frames, 6, 2, references: 0));
        Assert.Equal(Denoiser.KeyOf(one), Denoiser.KeyOf(other));
        Assert.NotEqual(Denoiser.KeyOf(one), Denoiser.KeyOf(piece));
        Assert.NotEqual(Denoiser.KeyOf(one), Denoiser.KeyOf(fewer));
        Assert.Equal<Shape>([1, 4, 4, 4, 4], Denoiser.KeyOf(one).Latents);
        using var denoiser = new Denoiser(new Experts(_mixing));

        while (!one.Done)
        {
            denoiser.Step([one, other], Token);
        }

        AssertClose(Denoise(_mixing, one.Guidance, images, windows, seed: 1), one.Latents.Read<float>().ToArray());
        AssertClose(Denoise(_mixing, other.Guidance, images, windows, seed: 2), other.Latents.Read<float>().ToArray());
    }

    private static ImageConditions Images() =>
        new()
        {
            Channels = Noise([1, Channels, Frames, 4, 4], seed: 4),
            Frames = new CleanFrames(
                new Dictionary<int, Tensor> { [0] = Noise([4, 4, 4], seed: 5), [Frames - 1] = Noise([4, 4, 4], seed: 6) }
            ),
        };

    private static float[] Denoise(
        TransformerRunner network,
        StepGuidance guidance,
        ImageConditions images,
        MovingWindows? windows,
        ulong seed = 1
    )
    {
        using var clip = Clip(guidance, images, windows, seed);
        using var denoiser = new Denoiser(new Experts(network));
        while (!clip.Done)
        {
            denoiser.Step(clip, Token);
        }

        return clip.Latents.Read<float>().ToArray();
    }

    private static DenoiseState Clip(StepGuidance guidance, ImageConditions images, MovingWindows? windows, ulong seed = 1) =>
        new(
            Samplers.Create(SamplerKind.UniPc, Steps, 3),
            guidance,
            [Noise([1, 5, 12], seed: 1000), Noise([1, 5, 12], seed: 1001)],
            images,
            Noise([1, 4, Frames, 4, 4], seed)
        )
        {
            MovingWindows = windows,
        };

    private static Tensor Noise(Shape shape, ulong seed)
    {
        var tensor = Tensor.Zeros(DType.F32, shape);
        new NoiseGenerator(seed).Fill(tensor.Write<float>());
        return tensor;
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var worst = expected.Zip(actual, (e, a) => MathF.Abs(e - a)).Max();
        Assert.True(worst <= Tolerance, $"The largest error is {worst}, {Tolerance} is allowed.");
    }

    private async Task<TransformerRunner> OpenAsync(Action<RandomWeights> change)
    {
        var random = new RandomWeights(seed: 3, WanTransformer.Whole(Network, new GraphOptions()));
        change(random);
        var weights = Own(new WeightStore(random));
        return Own(await TransformerRunner.CreateAsync(_graphs, Network, weights, new SessionSettings(), cancellationToken: Token));
    }

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}
