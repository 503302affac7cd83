using WanSharp.Engine.Costs;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Reuse;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Storage;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Memory;

/// <summary>Alone, since a budget limits the memory of all runs of the process.</summary>
[NoLiveObjects]
[Collection("alone")]
public sealed class EngineBudgetTests(TinyEngine engine) : IDisposable
{
    private const long Plenty = 1L << 40;

    private static readonly GenerationRequest Circle = new() { Prompt = "a red circle", Seed = 7 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What everything of the clip takes at once.</summary>
    private long Everything
    {
        get
        {
            using var free = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
            return StrategyChooser.Choose(new CostModel(engine.Model).Facts(free.Plan(Circle), isOnHost: true), Plenty).Bytes;
        }
    }

    public void Dispose() => engine.Runtime.Memory.Refuses = null;

    [Fact]
    public async Task Generate_WithinLessMemory_StreamsAndGivesTheSameFrames()
    {
        using var free = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        var (unlimited, expected) = await GenerateAsync(free, Circle);
        Assert.Null(unlimited.Strategy);

        using var narrow = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { Memory = Everything - 1 }
        );
        var (plan, frames) = await GenerateAsync(narrow, Circle);

        Assert.False(plan.Strategy!.KeepsTextEncoder);
        Assert.Equal(plan.Strategy.Bytes, plan.Strategy.Parts.Sum(part => part.Bytes));
        Assert.Equal(expected, frames);
        Assert.Equal(frames, (await GenerateAsync(narrow, Circle)).Frames); // the text encoder comes back
        Assert.Equal("--memory", narrow.Statistics.Memory.Allowance.Why);
        Assert.Contains(narrow.Statistics.Memory.Held, part => part is { Name: "features", Bytes: > 0 });
        await UntilOneIsReservedAsync(narrow);
        Assert.Equal("weights", Assert.Single(narrow.Statistics.Memory.Reserved).Name); // no clip is under way
    }

    [Fact]
    public async Task FindSimilar_WithinLessMemory_LetsTheTextEncoderGo()
    {
        using var narrow = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { Memory = Everything - 1 }
        );
        var (plan, _) = await GenerateAsync(narrow, Circle);
        Assert.False(plan.Strategy!.KeepsTextEncoder);
        var before = engine.Runtime.Api.LiveObjects;
        using var folder = new TemporaryFolder();
        using var store = new ContentStore(folder["steps"]);

        await narrow.FindSimilarAsync(
            narrow.Plan(Circle with { Prompt = "a blue square" }),
            new StepStore(store, [new ReuseRow(-1, 0.5)]),
            Token
        );

        Assert.Equal(before, engine.Runtime.Api.LiveObjects);
    }

    [Fact]
    public void Plan_WithinTooLittle_IsRefusedBeforeItRuns()
    {
        using var generator = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { Memory = Plenty, HostMemory = 1_000_000 }
        );

        var error = Assert.Throws<InvalidRequestException>(() => generator.Plan(Circle));

        Assert.Contains("program 167.8 MB", error.Message, StringComparison.Ordinal);
        Assert.Contains("--memory", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(GenerationStage.Encode)]
    [InlineData(GenerationStage.Denoise)]
    [InlineData(GenerationStage.Decode)]
    public async Task Generate_WhereARunIsRefusedMemoryOnce_ShedsAndGivesTheSameFrames(GenerationStage stage)
    {
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        var (_, expected) = await GenerateAsync(generator, Circle);
        var refused = 0;

        var (_, frames) = await GenerateAsync(
            generator,
            Circle with
            {
                Prompt = $"{Circle.Prompt} ",
            },
            new Listener(report =>
            {
                if (report.Stage == stage && refused == 0)
                {
                    engine.Runtime.Memory.Refuses = _ => Interlocked.Increment(ref refused) == 1;
                }
            })
        );

        Assert.True(refused > 0, "a run asked for memory");
        Assert.Equal(1, generator.Statistics.Memory.Shed.Values.Sum());
        Assert.Equal(expected, frames);
    }

    [Fact]
    public async Task Generate_WhereAStepIsRefusedMemoryTwice_FailsAloneAndTheEngineLives()
    {
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        var (_, expected) = await GenerateAsync(generator, Circle);

        await Assert.ThrowsAsync<MemoryLimitException>(() =>
            GenerateAsync(
                generator,
                Circle,
                new Listener(report =>
                {
                    engine.Runtime.Memory.Refuses = report.Stage == GenerationStage.Denoise ? _ => true : null;
                })
            )
        );
        engine.Runtime.Memory.Refuses = null;

        Assert.Equal(expected, (await GenerateAsync(generator, Circle)).Frames);
    }

    [Fact]
    public async Task Generate_WhereMemoryChangesBetweenClips_ChoosesAgainButNeverWithinAClip()
    {
        var everything = Everything;
        var free = Plenty;
        using var generator = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions
            {
                FollowsFreeMemory = true,
                HostFacts = () => new HostMemoryFacts(Plenty, Interlocked.Read(ref free), Limit: null),
            }
        );
        Task? second = null;
        Strategy? within = null;

        var (first, _) = await GenerateAsync(
            generator,
            Circle,
            new Listener(report =>
            {
                if (report.Stage == GenerationStage.Denoise && second is null)
                {
                    Interlocked.Exchange(ref free, everything - 1);
                    second = GenerateAsync(generator, Circle with { Seed = 8 });
                }

                within = report.Stage == GenerationStage.Denoise ? generator.Statistics.Memory.Strategy : within;
            })
        );
        Assert.True(within!.KeepsTextEncoder, "the clip under way goes on as it began");
        Assert.True(first.Strategy!.KeepsTextEncoder);

        await second!;
        Assert.False(generator.Statistics.Memory.Strategy!.KeepsTextEncoder);

        Interlocked.Exchange(ref free, everything * 11 / 10); // enough, but no change by the threshold
        await GenerateAsync(generator, Circle);
        Assert.False(generator.Statistics.Memory.Strategy!.KeepsTextEncoder);

        Interlocked.Exchange(ref free, Plenty);
        await GenerateAsync(generator, Circle);
        Assert.True(generator.Statistics.Memory.Strategy!.KeepsTextEncoder);
    }

    [Fact]
    public async Task Generate_ManyWithinLittleMemory_AreAdmittedAsTheyFit()
    {
        using var generator = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions
            {
                Memory = Everything,
                Lanes = 2,
                BatchSize = 4,
            }
        );
        var (_, expected) = await GenerateAsync(generator, Circle);

        var clips = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => GenerateAsync(generator, Circle)));

        Assert.All(clips, clip => Assert.Equal(expected, clip.Frames));
        await UntilOneIsReservedAsync(generator);
        Assert.Equal("weights", Assert.Single(generator.Statistics.Memory.Reserved).Name);
    }

    /// <summary>A clip is done a moment before the lane that took its last step has given its memory back.</summary>
    private static async Task UntilOneIsReservedAsync(VideoGenerator generator)
    {
        while (generator.Statistics.Memory.Reserved.Count > 1)
        {
            await Task.Delay(1, Token);
        }
    }

    private static async Task<(GenerationPlan Plan, IReadOnlyList<byte[]> Frames)> GenerateAsync(
        VideoGenerator generator,
        GenerationRequest request,
        IProgress<GenerationProgress>? progress = null
    )
    {
        var frames = new FrameList();
        var plan = generator.Plan(request);
        await generator.GenerateAsync(plan, frames, progress, Token);
        return (plan, frames.Frames);
    }
}
