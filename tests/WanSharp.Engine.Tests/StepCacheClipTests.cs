using System.Globalization;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Requests;
using WanSharp.Engine.StepCaches;
using WanSharp.Runtime;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

/// <summary>Clips with step caches: resumed, guided in each way, and with others in a batch.</summary>
[Collection("alone")]
public sealed class StepCacheClipTests(TinyEngine engine) : IDisposable
{
    /// <summary>Of 255: a batch rounds otherwise.</summary>
    private const int BatchTolerance = 1;

    private const int Steps = 12;

    private static readonly GenerationRequest Circle = new()
    {
        Prompt = "a red circle",
        Seed = 7,
        Steps = Steps,
        GuidanceScale = 4,
    };

    private readonly LiveObjects _live = new();

    private readonly VideoGenerator _generator = new(
        engine.Model,
        engine.Runtime,
        new SessionSettings(),
        options: new EngineOptions { BatchSize = 1 }
    );

    public static TheoryData<string> Caches => ["easy:1,2", "spectrum", "taylor:3,1,3", "taylor:2,0,3", "dbcache:10,2,2"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Caches))]
    public async Task Generate_FromEachSnapshot_EndsWithTheSameBits(string cache)
    {
        var request = Circle with { StepCache = Setting(cache), Sampler = "unipc" };
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
        var (undisturbed, whole) = await GenerateAsync(_generator, request, options);
        Assert.NotEmpty(snapshots);
        Assert.InRange(whole.SkippedSteps, 1, Steps - 2);
        foreach (var snapshot in snapshots)
        {
            using var file = new MemoryStream();
            snapshot.Write(file);
            file.Position = 0;

            var (resumed, statistics) = await GenerateAsync(_generator, request, new() { Resume = DenoiseSnapshot.Read(file) });

            Assert.Equal(undisturbed, resumed);
            Assert.Equal(Steps - snapshot.NextStep, statistics.Steps);
        }
    }

    [Fact]
    public async Task Generate_FromASnapshotOfAnotherStepCache_Refuses()
    {
        DenoiseSnapshot? kept = null;
        var options = new GenerationRunOptions
        {
            SaveInterval = TimeSpan.Zero,
            Save = (snapshot, _) =>
            {
                kept ??= snapshot;
                return ValueTask.CompletedTask;
            },
        };
        await GenerateAsync(_generator, Circle with { StepCache = Setting("spectrum") }, options);

        await Assert.ThrowsAsync<SnapshotMismatchException>(() => GenerateAsync(_generator, Circle, new() { Resume = kept }));
        await Assert.ThrowsAsync<SnapshotMismatchException>(() =>
            GenerateAsync(_generator, Circle with { StepCache = Setting("easy:1,2") }, new() { Resume = kept })
        );
    }

    [Theory]
    [MemberData(nameof(Caches))]
    public async Task Generate_GuidedInEachWay_SkipsAndMakesAClip(string cache)
    {
        GenerationRequest[] ways =
        [
            Circle,
            Circle with
            {
                GuidanceScale = 1,
            },
            Circle with
            {
                GuidanceInterval = new StepInterval(0, 0.5),
            },
            Circle with
            {
                CfgZero = 2,
            },
            Circle with
            {
                Apg = new ProjectedGuidance(5),
            },
            Circle with
            {
                Slg = new SkippedBlocks([0], new StepInterval(0, 0.4)),
            },
            Circle with
            {
                GuidanceScale = 1,
                Nag = new AttentionGuidance(5),
            },
            Circle with
            {
                Sampler = "lcm",
            },
            Circle with
            {
                Sampler = "dpm++",
            },
        ];
        foreach (var way in ways)
        {
            var (full, _) = await GenerateAsync(_generator, way, new());
            var (clip, statistics) = await GenerateAsync(_generator, way with { StepCache = Setting(cache) }, new());

            Assert.Equal(Steps, statistics.Steps);
            Assert.True(statistics.SkippedSteps > 0, way.ToString());
            Assert.Equal(full.Count, clip.Count);
            Assert.NotEqual(full, clip);
        }
    }

    [Fact]
    public async Task Generate_WithStepCachesInABatch_MakesEachClipAsAlone()
    {
        GenerationRequest[] requests =
        [
            Circle with
            {
                StepCache = Setting("spectrum"),
            },
            Circle with
            {
                StepCache = Setting("taylor:3,1,3"),
                Seed = 8,
                Steps = 9,
            },
            Circle with
            {
                StepCache = Setting("easy:1,2"),
                Seed = 9,
                Steps = 15,
            },
            Circle with
            {
                Seed = 10,
            },
            Circle with
            {
                StepCache = Setting("taylor:2,0,3"),
                Seed = 11,
                GuidanceScale = 1,
            },
            Circle with
            {
                StepCache = Setting("dbcache:10,2,2"),
                Seed = 12,
            },
        ];
        using var together = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { BatchSize = requests.Length }
        );

        var clips = await Task.WhenAll(requests.Select(request => GenerateAsync(together, request, new())));

        foreach (var (request, (frames, statistics)) in requests.Zip(clips))
        {
            var (alone, expected) = await GenerateAsync(_generator, request, new());
            Assert.Equal(expected.SkippedSteps, statistics.SkippedSteps);
            Assert.Equal(request.StepCache is not null, statistics.SkippedSteps > 0);
            foreach (var (frame, other) in frames.Zip(alone))
            {
                Assert.All(frame.Zip(other), pair => Assert.InRange(pair.First - pair.Second, -BatchTolerance, BatchTolerance));
            }
        }

        Assert.Equal(clips.Sum(clip => clip.Statistics.Steps), together.Statistics.Steps);
        Assert.Equal(clips.Sum(clip => clip.Statistics.SkippedSteps), together.Statistics.SkippedSteps);
    }

    [Fact]
    public async Task Generate_WithAStepCache_ReportsTheStepsThatItSkips()
    {
        var reports = new Reports();
        await GenerateAsync(_generator, Circle with { StepCache = Setting("taylor:2,0,3") }, new() { Progress = reports });

        Assert.Equal(Enumerable.Range(0, Steps), reports.Steps.Select(report => report.Done));
        Assert.Equal(4, reports.Steps[^1].Skipped);
    }

    [Fact]
    public async Task Generate_WithAScheduledStepCache_SkipsWhatThePlanSays()
    {
        var request = Circle with { StepCache = Setting("spectrum"), CfgZero = 1, GuidanceInterval = new StepInterval(0, 0.5) };
        var plan = _generator.Plan(request);

        var (_, statistics) = await GenerateAsync(_generator, request, new());

        Assert.True(plan.StepCache!.IsKnownBefore);
        Assert.Equal(plan.StepCache.SkippedSteps.Count, statistics.SkippedSteps);
    }

    public void Dispose()
    {
        _generator.Dispose();
        _live.AssertNoneIsLeft();
    }

    private static StepCacheSetting Setting(string text) => StepCacheSetting.Parse(text, CultureInfo.InvariantCulture);

    private static async Task<(List<byte[]> Frames, GenerationStatistics Statistics)> GenerateAsync(
        VideoGenerator generator,
        GenerationRequest request,
        GenerationRunOptions options
    )
    {
        await using var frames = new FrameList();
        var statistics = await generator.GenerateAsync(generator.Plan(request), frames, options, Token);
        return (frames.Frames, statistics);
    }

    private sealed class Reports : IProgress<GenerationProgress>
    {
        public List<GenerationProgress> Steps { get; } = [];

        public void Report(GenerationProgress value)
        {
            if (value.Stage == GenerationStage.Denoise)
            {
                Steps.Add(value);
            }
        }
    }
}
