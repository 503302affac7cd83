using WanSharp.Engine.Denoising;
using WanSharp.Engine.Requests;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

/// <summary>Clips begin with what is ready, and keep it to their end.</summary>
[NoLiveObjects]
[Collection("alone")]
public sealed class StagedCompilationTests(TinyEngine engine) : IDisposable
{
    private static readonly GenerationRequest Circle = new()
    {
        Prompt = "a red circle",
        Seed = 7,
        Steps = 4,
    };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TransformerOptions Whole => new() { Mode = CompileMode.Whole, CacheFolder = _folder.Path };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_OfTheWholeNetwork_BeginsWithBlocksUntilItIsThere()
    {
        using var blocks = Generator(new TransformerOptions());
        using var generator = Generator(Whole);

        var first = await GenerateAsync(generator);
        Assert.Null(await generator.FinishCompilingAsync(Token));
        var second = await GenerateAsync(generator);
        using var next = Generator(Whole);
        var loaded = await GenerateAsync(next);

        Assert.Equal(
            [CompileMode.Blocks, CompileMode.Whole, CompileMode.Whole],
            ((Made[])[first, second, loaded]).Select(made => made.Statistics.Compile)
        );
        Assert.Equal((await GenerateAsync(blocks)).Frames, first.Frames);
        Assert.Equal(second.Frames, loaded.Frames);
        Assert.Equal(1, Graph(generator).Compiles);
        Assert.Equal((0, 1), (Graph(next).Compiles, Graph(next).Loads));
    }

    [Fact]
    public async Task Generate_WhenTheWholeNetworkIsThereInTheMiddleOfAClip_EndsWithBlocks()
    {
        using var blocks = Generator(new TransformerOptions());
        using var generator = Generator(Whole);
        var compiled = false;

        var made = await GenerateAsync(
            generator,
            new GenerationRunOptions
            {
                SaveInterval = TimeSpan.Zero,
                Save = async (_, token) =>
                {
                    Assert.Null(await generator.FinishCompilingAsync(token)); // the clip's next steps come after
                    compiled = true;
                },
            }
        );

        Assert.True(compiled);
        Assert.Equal(CompileMode.Blocks, made.Statistics.Compile);
        Assert.Equal((await GenerateAsync(blocks)).Frames, made.Frames);
    }

    [Theory]
    [InlineData(CompileMode.Blocks)]
    [InlineData(CompileMode.Whole)]
    public async Task Generate_FromASnapshot_GoesOnWithWhatItBeganWith(CompileMode mode)
    {
        var snapshots = new List<DenoiseSnapshot>();
        Made undisturbed;
        using (var generator = Generator(Whole))
        {
            if (mode == CompileMode.Whole)
            {
                await GenerateAsync(generator);
                await generator.FinishCompilingAsync(Token);
            }

            undisturbed = await GenerateAsync(
                generator,
                new GenerationRunOptions
                {
                    SaveInterval = TimeSpan.Zero,
                    Save = (snapshot, _) =>
                    {
                        snapshots.Add(snapshot);
                        return ValueTask.CompletedTask;
                    },
                }
            );
            await generator.FinishCompilingAsync(Token);
        }

        // what it began with is not what is ready
        using var next = Generator(mode == CompileMode.Whole ? Whole with { CacheFolder = null } : Whole);
        var resumed = await GenerateAsync(next, new GenerationRunOptions { Resume = snapshots[0] });

        Assert.Equal(mode, undisturbed.Statistics.Compile);
        Assert.Equal(mode, resumed.Statistics.Compile);
        Assert.Equal(undisturbed.Frames, resumed.Frames);
    }

    [Fact]
    public async Task Generate_FromSnapshotsOneAfterTheOther_LoadsTheWholeNetworkOnce()
    {
        var snapshots = new List<DenoiseSnapshot>();
        var saving = new GenerationRunOptions
        {
            SaveInterval = TimeSpan.Zero,
            Save = (snapshot, _) =>
            {
                snapshots.Add(snapshot);
                return ValueTask.CompletedTask;
            },
        };
        using var generator = Generator(Whole with { CacheFolder = null }); // a copy in memory: each would compile and pack anew
        var undisturbed = await GenerateAsync(generator, saving); // begun with blocks
        await generator.FinishCompilingAsync(Token);

        for (var i = 0; i < 3; i++)
        {
            var resumed = await GenerateAsync(generator, new GenerationRunOptions { Resume = snapshots[0] });
            await generator.FinishCompilingAsync(Token);
            Assert.Equal(CompileMode.Blocks, resumed.Statistics.Compile);
            Assert.Equal(undisturbed.Frames, resumed.Frames);
        }

        Assert.Equal((1, 0), (Graph(generator).Compiles, Graph(generator).Loads));
    }

    /// <summary>The lane that took a clip's last step gives memory back after the clip may have ended.</summary>
    [Fact]
    public async Task Generate_WhereAClipEndsBeforeItsLane_KeepsWhatTheLaneComputesWith()
    {
        var (generator, first, steps) = ((VideoGenerator?)null, new TaskCompletionSource<Task<Made>>(), 0);
        var (second, before, after) = ((Made?)null, 0L, 0L);
        using var owned = generator = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            Whole with
            {
                CacheFolder = null,
            },
            new EngineOptions
            {
                BatchSize = 1,
                Lanes = 2,
                Stepped = () =>
                {
                    if (Interlocked.Increment(ref steps) == Circle.Steps)
                    {
                        EndAndGoOnAsync().GetAwaiter().GetResult();
                    }
                },
            }
        );

        first.SetResult(GenerateAsync(generator));
        await await first.Task;

        while (Volatile.Read(ref second) is null)
        {
            await Task.Yield();
        }

        Assert.Equal(CompileMode.Whole, second!.Statistics.Compile); // the blocks' set is not wanted any more
        Assert.InRange(after, before, long.MaxValue);

        async Task EndAndGoOnAsync()
        {
            await await first.Task;
            await generator!.FinishCompilingAsync(Token);
            before = engine.Runtime.Api.LiveObjects;
            var made = await GenerateAsync(generator);
            after = engine.Runtime.Api.LiveObjects;
            Volatile.Write(ref second, made);
        }
    }

    [Fact]
    public async Task Dispose_WhileTheWholeNetworkIsCompiled_GivesItUp()
    {
        var generator = Generator(Whole);
        await GenerateAsync(generator);

        generator.Dispose(); // does not wait for more than the library's answer

        using var next = Generator(Whole);
        Assert.NotEmpty((await GenerateAsync(next)).Frames);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Expect_OfAPlan_CompilesWhatItsClipWillNeed(bool staticShapes)
    {
        using var generator = Generator(new TransformerOptions { StaticShapes = staticShapes });
        await generator.ExpectAsync(generator.Plan(Circle), Token);
        var ahead = Compiles();

        await generator.ExpectAsync(generator.Plan(Circle with { Seed = 8 }), Token); // the same shape
        Assert.Equal(ahead, Compiles());
        await GenerateAsync(generator);

        var later = Compiles();
        Assert.Equal(staticShapes ? 2 : 1, ahead["transformer_block"]); // for any shape, and for this one
        Assert.All(ahead, graph => Assert.Equal(graph.Value, later[graph.Key]));
        Assert.DoesNotContain(
            later.Keys.Except(ahead.Keys),
            name => name.StartsWith("transformer", StringComparison.Ordinal) || name.StartsWith("vae", StringComparison.Ordinal)
        );

        Dictionary<string, long> Compiles() => generator.Statistics.Graphs.ToDictionary(graph => graph.Name, graph => graph.Compiles);
    }

    private VideoGenerator Generator(TransformerOptions options) =>
        new(engine.Model, engine.Runtime, new SessionSettings(), options, new EngineOptions { BatchSize = 1 });

    private static GraphStatistics Graph(VideoGenerator generator) =>
        generator.Statistics.Graphs.Single(graph => graph.Name == "transformer_step");

    private static async Task<Made> GenerateAsync(VideoGenerator generator, GenerationRunOptions? options = null)
    {
        await using var frames = new FrameList();
        var statistics = await generator.GenerateAsync(generator.Plan(Circle), frames, options, Token);
        return new Made(frames.Frames, statistics);
    }

    private sealed record Made(List<byte[]> Frames, GenerationStatistics Statistics);
}
