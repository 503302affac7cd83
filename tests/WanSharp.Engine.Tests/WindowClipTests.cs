using System.Globalization;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Requests;
using WanSharp.Engine.StepCaches;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

/// <summary>Clips that the transformer sees in windows: what they cost, what they remember, and what is refused.</summary>
[Collection("alone")]
public sealed class WindowClipTests(TinyEngine engine) : IDisposable
{
    /// <summary>Of 255: a batch rounds otherwise.</summary>
    private const int BatchTolerance = 1;

    private const int Window = 9;
    private const int Frames = 25;

    private static readonly GenerationRequest Circle = new()
    {
        Prompt = "a red circle",
        Seed = 7,
        Steps = 6,
        Frames = Frames,
        ContextFrames = Window,
        ContextOverlap = 4,
    };

    private readonly LiveObjects _live = new();
    private readonly VideoGenerator _generator = new(
        engine.Model,
        engine.Runtime,
        new SessionSettings(),
        options: new EngineOptions { BatchSize = 1 }
    );

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ConditioningImage Image => new(new RgbImage(32, 16, [.. Enumerable.Range(0, 32 * 16 * 3).Select(i => (byte)(i * 7))]));

    [Theory]
    [InlineData(Frames)]
    [InlineData(Frames + 4)]
    public async Task Generate_WithAWindowAsLongAsTheClip_IsTheClipInOnePiece(int window)
    {
        var piece = Circle with { ContextFrames = null, ContextOverlap = null };
        var asLong = Circle with { ContextFrames = window };

        Assert.Equal(_generator.Plan(piece).Identity, _generator.Plan(asLong).Identity);
        Assert.Equal(_generator.Plan(piece).Settings.ToJson(), _generator.Plan(asLong).Settings.ToJson());
        Assert.Equal(await GenerateAsync(piece), await GenerateAsync(asLong));
        Assert.NotEqual(await GenerateAsync(piece), await GenerateAsync(Circle));
    }

    [Fact]
    public void Plan_OfOtherWindows_IsAnotherClip()
    {
        GenerationRequest[] clips =
        [
            Circle,
            Circle with
            {
                ContextOverlap = 8,
            },
            Circle with
            {
                ContextFrames = 13,
            },
            Circle with
            {
                ContextFrames = null,
                ContextOverlap = null,
            },
        ];

        Assert.Equal(clips.Length, clips.Select(clip => _generator.Plan(clip).LatentIdentity).Distinct().Count());
        var settings = _generator.Plan(Circle with { ContextOverlap = null }).Settings;
        Assert.Equal((Window, 4), (settings.ContextFrames, settings.ContextOverlap));
        Assert.Equal((Window, 4), (settings.ToRequested().ContextFrames, settings.ToRequested().ContextOverlap));
    }

    /// <summary>A window is a clip of its length: the passes of a step are as many, and each is as large.</summary>
    [Fact]
    public void Count_OfAClipInWindows_IsThatOfAsManyOfAWindowsLength()
    {
        var costs = new CostModel(engine.Model);
        var one = Circle with { Frames = Window, ContextFrames = null, ContextOverlap = null };
        var (clip, piece) = (costs.Sketch(Circle), costs.Sketch(one));

        Assert.Equal(4, clip.WindowCount); // 7 latent frames in windows of 3 that have one in common: 3 of them, or 4
        const int Windows = 3 + 4 + 3 + 4 + 3 + 3; // of the steps
        Assert.Equal((piece.Tokens, piece.Latents), (clip.Tokens, clip.PassLatents));
        var (whole, window) = (costs.Count(clip), costs.Count(piece));
        var each = (Denoising(costs.Count(costs.Sketch(one with { Steps = 12 }))) - Denoising(window)) / 6; // without what is done once
        Assert.Equal(Denoising(window) + ((Windows - 6) * each), Denoising(whole), tolerance: 1);
        Assert.Equal(ActivationsOf(window), ActivationsOf(whole));
        Assert.True(
            ActivationsOf(costs.Count(costs.Sketch(Circle with { ContextFrames = null, ContextOverlap = null }))) > ActivationsOf(whole)
        );
        Assert.Equal(
            costs.Facts(piece, isOnHost: true).DenoiseActivations(null),
            costs.Facts(clip, isOnHost: true).DenoiseActivations(null)
        );

        static double Denoising(GenerationWork work) => work.Stages.Single(stage => stage.Stage == PlanStage.Denoise).Work.Operations;

        static long ActivationsOf(GenerationWork work) =>
            work.Memory.Single(part => part == MemoryPart.Activations(PlanStage.Denoise, part.Bytes)).Bytes;
    }

    [Theory]
    [InlineData(null)]
    [InlineData("easy:1,2")]
    [InlineData("spectrum")]
    [InlineData("taylor:2,0,3")]
    public async Task Generate_FromEachSnapshot_EndsWithTheSameBits(string? cache)
    {
        var request = Circle with
        {
            Steps = 10,
            Sampler = "unipc",
            StepCache = cache is null ? null : StepCacheSetting.Parse(cache, CultureInfo.InvariantCulture),
        };
        var snapshots = new List<DenoiseSnapshot>();
        var options = new GenerationRunOptions
        {
            SaveInterval = TimeSpan.Zero,
            Save = (snapshot, _) =>
            {
                snapshots.Add(snapshot);
                return ValueTask.CompletedTask;
            },
        };
        await using var undisturbed = new FrameList();
        var statistics = await _generator.GenerateAsync(_generator.Plan(request), undisturbed, options, Token);
        Assert.Equal(cache is not null, statistics.SkippedSteps > 0);
        Assert.NotEmpty(snapshots);
        foreach (var snapshot in snapshots)
        {
            using var file = new MemoryStream();
            snapshot.Write(file);
            file.Position = 0;

            Assert.Equal(undisturbed.Frames, await GenerateAsync(request, new() { Resume = DenoiseSnapshot.Read(file) }));
        }

        await Assert.ThrowsAsync<SnapshotMismatchException>(() =>
            GenerateAsync(request with { ContextOverlap = 8 }, new() { Resume = snapshots[0] })
        );
    }

    [Fact]
    public async Task Generate_WithOtherClips_IsTheClipAlone()
    {
        GenerationRequest[] requests =
        [
            Circle,
            Circle with
            {
                Seed = 8,
                Images = [Image],
            },
            Circle with
            {
                Seed = 9,
                ContextFrames = null,
                ContextOverlap = null,
            },
            Circle with
            {
                Seed = 10,
                Frames = Window,
            },
            Circle with
            {
                Seed = 11,
                GuidanceScale = 1,
            },
        ];
        using var together = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { BatchSize = requests.Length }
        );

        var clips = await Task.WhenAll(requests.Select(request => MakeAsync(together, request, new())));

        foreach (var (request, clip) in requests.Zip(clips))
        {
            Assert.Equal(request.Frames, clip.Count);
            foreach (var (frame, alone) in clip.Zip(await GenerateAsync(request)))
            {
                Assert.All(frame.Zip(alone), pair => Assert.InRange(pair.First - pair.Second, -BatchTolerance, BatchTolerance));
            }
        }
    }

    [Fact]
    public async Task Generate_WithAnImage_BeginsWithIt()
    {
        var given = Circle with { Images = [Image] };

        var frames = await GenerateAsync(given);

        Assert.Equal(frames[0], (await GenerateAsync(given with { Seed = 8 }))[0]);
        Assert.NotEqual(frames[^1], (await GenerateAsync(Circle))[^1]); // the last window sees it through the others
        Assert.Empty(_generator.Plan(given).Warnings);
    }

    [Theory]
    [InlineData("wan2.2-i2v-a14b", true)]
    [InlineData("wan2.1-vace-1.3b", false)]
    [InlineData("wan2.1-fun-1.3b-inp", false)]
    public async Task Generate_OfModelsThatJoinChannels_TakesThoseOfEachWindow(string variant, bool warns)
    {
        using var folder = new TemporaryFolder();
        using var networks = new TinyNetworks(variant);
        using var model = WanModel.Open(new ToolFolders(networks, folder[variant]).Write("official"));
        using var generator = new VideoGenerator(model, engine.Runtime, new SessionSettings());
        var request = Circle with { Steps = 2, Width = 32, Height = 32, Images = [Image] };

        var clip = await MakeAsync(generator, request, new());

        Assert.Equal(Frames, clip.Count);
        Assert.NotEqual(clip, await MakeAsync(generator, request with { ContextFrames = null, ContextOverlap = null }, new()));
        Assert.Equal(warns, generator.Plan(request).Warnings.Any(note => note.Contains("Only the window", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Generate_WithReferencePictures_ShowsThemToEachWindow()
    {
        using var folder = new TemporaryFolder();
        using var networks = new TinyNetworks("wan2.1-vace-1.3b");
        using var model = WanModel.Open(new ToolFolders(networks, folder["model"]).Write("official"));
        using var generator = new VideoGenerator(model, engine.Runtime, new SessionSettings());
        await File.WriteAllBytesAsync(folder["hat.jpg"], PictureBytes.Jpeg(Image.Image, quality: 90), Token);
        var request = Circle with { Steps = 2, Width = 32, Height = 32, References = folder["hat.jpg"] };

        var plan = generator.Plan(request);

        Assert.Equal((8, 4, 4), ((int)plan.Latents[2], (int)plan.PassLatents[2], plan.WindowCount)); // 7 + 1 and 3 + 1
        Assert.Equal(Frames, (await MakeAsync(generator, request, new())).Count);
    }

    [Theory]
    [InlineData(null, 4, "context-overlap", "--context-frames")]
    [InlineData(8, null, "context-frames", "The nearest is 9")]
    [InlineData(4, null, "context-frames", "at least 5")]
    [InlineData(9, 3, "context-overlap", "The nearest is 4")]
    [InlineData(9, 12, "context-overlap", "The nearest is 8")]
    public void Plan_OfWindowsThatDoNotFit_IsRefused(int? window, int? overlap, string field, string says)
    {
        var error = Assert.Throws<InvalidRequestException>(() =>
            _generator.Plan(Circle with { ContextFrames = window, ContextOverlap = overlap })
        );

        Assert.Equal(field, error.Field);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_WithAStepCacheOfTokens_IsRefused()
    {
        var cached = Circle with { StepCache = StepCacheSetting.Parse("dbcache", CultureInfo.InvariantCulture) };

        var error = Assert.Throws<InvalidRequestException>(() => _generator.Plan(cached));

        Assert.Equal("step-cache", error.Field);
        Assert.NotNull(_generator.Plan(cached with { ContextFrames = Frames }).StepCache);
    }

    [Fact]
    public void Plan_WithRiflex_JudgesTheWindow()
    {
        var slowed = Circle with { Riflex = "1" };

        Assert.Equal(1, _generator.Plan(slowed).Settings.Riflex);
    }

    public void Dispose()
    {
        _generator.Dispose();
        _live.AssertNoneIsLeft();
    }

    private Task<List<byte[]>> GenerateAsync(GenerationRequest request, GenerationRunOptions? options = null) =>
        MakeAsync(_generator, request, options ?? new());

    private static async Task<List<byte[]>> MakeAsync(VideoGenerator generator, GenerationRequest request, GenerationRunOptions options)
    {
        await using var frames = new FrameList();
        await generator.GenerateAsync(generator.Plan(request), frames, options, Token);
        return frames.Frames;
    }
}
