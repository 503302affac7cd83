using WanSharp.Engine.Requests;
using WanSharp.Media;
using WanSharp.Media.Images;
using WanSharp.Runtime;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

/// <summary>Clips under way at the same time: what they share, and what of one must not reach another.</summary>
[NoLiveObjects]
[Collection("alone")]
public sealed class ResidentEngineTests(TinyEngine engine)
{
    /// <summary>What neighbours may change: matrix kernels choose by shape, so that a batch of two rounds otherwise.</summary>
    private const int LargestPixelDifference = 1;

    private static readonly GenerationRequest Circle = new() { Prompt = "a red circle", Seed = 7 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Generate_BesideTheWorstNeighbours_ShowsWhatItShowsAlone()
    {
        var image = new RgbImage(32, 16, [.. Enumerable.Range(0, 32 * 16 * 3).Select(i => (byte)(i * 7))]);
        GenerationRequest[] requests =
        [
            Circle,
            Circle with
            {
                Seed = 8,
                Prompt = string.Join(' ', Enumerable.Repeat("a very long prompt about stars", 5)),
            },
            Circle with
            {
                Seed = 9,
                GuidanceScale = 100,
                Sampler = "euler",
            },
            Circle with
            {
                Seed = 10,
                GuidanceScale = 1,
                Sampler = "dpm++",
            },
            Circle with
            {
                Seed = 11,
                Images = [new ConditioningImage(image)],
            },
            Circle with
            {
                Seed = 12,
                Steps = 7,
                Shift = 9,
            },
        ];
        using var lone = Generator(batchSize: 1);
        var expected = new List<List<byte[]>>();
        foreach (var request in requests)
        {
            expected.Add((await GenerateAsync(lone, request)).Frames);
        }

        using var shared = Generator(batchSize: requests.Length);
        using var first = await BlockAsync(shared); // so that the others wait, and then step together
        var running = requests.Select(request => GenerateAsync(shared, request)).ToList();
        await UntilAsync(() => shared.Statistics.Clips == requests.Length + 1);
        first.Release();
        var results = await Task.WhenAll(running);

        Assert.True(results.Max(result => result.Statistics.MeanBatchSize) > 2, "clips shared steps");
        for (var i = 0; i < requests.Length; i++)
        {
            Assert.Equal(expected[i].Count, results[i].Frames.Count);
            Assert.InRange(expected[i].Zip(results[i].Frames, Difference).Max(), 0, LargestPixelDifference);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Generate_ManyWithABatchSizeOfOne_GivesTheBitsOfALoneRun(int lanes)
    {
        var requests = Enumerable.Range(0, 5).Select(i => Circle with { Seed = (ulong)i, Prompt = $"clip {i % 2}" }).ToList();
        using var lone = Generator(batchSize: 1);
        using var shared = Generator(batchSize: 1, lanes);

        var results = await Task.WhenAll(requests.Select(request => GenerateAsync(shared, request)));

        for (var i = 0; i < requests.Count; i++)
        {
            Assert.Equal((await GenerateAsync(lone, requests[i])).Frames, results[i].Frames);
            Assert.Equal(1, results[i].Statistics.MeanBatchSize);
        }
    }

    [Fact]
    public async Task Generate_WithAWriterThatWaits_LetsOtherClipsFinish()
    {
        using var generator = Generator(batchSize: 4);
        var slow = new GatedFrames();
        var waiting = generator.GenerateAsync(generator.Plan(Circle), slow, new GenerationRunOptions(), Token);
        await slow.Reached;

        var others = await Task.WhenAll(Enumerable.Range(1, 3).Select(i => GenerateAsync(generator, Circle with { Seed = (ulong)i })));

        Assert.All(others, other => Assert.Equal(9, other.Frames.Count));
        Assert.False(waiting.IsCompleted);
        slow.Open();
        await waiting;
        Assert.Equal(9, slow.Frames.Count);
    }

    [Fact]
    public async Task Generate_BesideClipsThatFail_IsNotDisturbed()
    {
        using var generator = Generator(batchSize: 4);
        using var stop = new CancellationTokenSource();
        var failure = new MediaException("the disk is full");
        var broken = generator.GenerateAsync(generator.Plan(Circle), new BrokenFrames(failure), new GenerationRunOptions(), Token);
        var deaf = GenerateAsync(
            generator,
            Circle with
            {
                Seed = 2,
            },
            new Listener(report =>
                throw (
                    report is { Stage: GenerationStage.Denoise, Done: 2 }
                        ? new InvalidOperationException("deaf")
                        : new NotSupportedException(report.Stage.ToString())
                )
            )
        );
        var cancelled = GenerateAsync(
            generator,
            Circle with
            {
                Seed = 3,
            },
            new Listener(report =>
            {
                if (report is { Stage: GenerationStage.Denoise, Done: 1 })
                {
                    stop.Cancel();
                }
            }),
            stop.Token
        );
        var good = GenerateAsync(generator, Circle with { Seed = 4 });

        Assert.Same(failure, await Assert.ThrowsAsync<MediaException>(() => broken));
        await Assert.ThrowsAsync<NotSupportedException>(() => deaf);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(9, (await good).Frames.Count);
    }

    [Fact]
    public async Task Dispose_WhileClipsRun_CancelsThem()
    {
        var generator = Generator(batchSize: 2);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = Enumerable
            .Range(0, 4)
            .Select(i =>
                GenerateAsync(
                    generator,
                    Circle with
                    {
                        Seed = (ulong)i,
                        Steps = 1000,
                    },
                    new Listener(report => _ = report.Stage == GenerationStage.Denoise && begun.TrySetResult())
                )
            )
            .ToList();
        await begun.Task;

        generator.Dispose();

        foreach (var clip in running)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => clip);
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => GenerateAsync(generator, Circle));
    }

    [Fact]
    public async Task Generate_OfAKnownPrompt_ComputesNoFeature()
    {
        using var generator = Generator(batchSize: 1);
        var (first, cold) = await GenerateAsync(generator, Circle);
        var (second, warm) = await GenerateAsync(generator, Circle);

        Assert.Equal((0, 2), (cold.FeatureHits, cold.FeatureMisses));
        Assert.Equal((2, 0), (warm.FeatureHits, warm.FeatureMisses));
        Assert.Equal(first, second);
        Assert.False(warm.Stages[GenerationStage.Encode].Busy > TimeSpan.Zero);
    }

    private VideoGenerator Generator(int batchSize, int lanes = 1) =>
        new(engine.Model, engine.Runtime, new SessionSettings(), options: new EngineOptions { BatchSize = batchSize, Lanes = lanes });

    /// <summary>Holds the generator's only lane in a clip's first step until it is released.</summary>
    private static async Task<HeldLane> BlockAsync(VideoGenerator generator)
    {
        var held = new HeldLane();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        held.Clip = GenerateAsync(
            generator,
            Circle with
            {
                Seed = 99,
                Frames = 5,
            },
            new Listener(report =>
            {
                if (report.Stage == GenerationStage.Denoise && reached.TrySetResult())
                {
                    held.Wait();
                }
            })
        );
        await reached.Task;
        return held;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), Token);
        }
    }

    private static int Difference(byte[] expected, byte[] actual) => expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max();

    private static async Task<(List<byte[]> Frames, GenerationStatistics Statistics)> GenerateAsync(
        VideoGenerator generator,
        GenerationRequest request,
        IProgress<GenerationProgress>? progress = null,
        CancellationToken? cancellationToken = null
    )
    {
        await using var frames = new FrameList();
        var statistics = await generator.GenerateAsync(
            generator.Plan(request),
            frames,
            new GenerationRunOptions { Progress = progress },
            cancellationToken ?? Token
        );
        return (frames.Frames, statistics);
    }

    private sealed class HeldLane : IDisposable
    {
        private readonly ManualResetEventSlim _released = new();

        public Task? Clip { get; set; }

        public void Wait() => _released.Wait(Token);

        public void Release() => _released.Set();

        public void Dispose() => _released.Set();
    }
}
