using WanSharp.Engine.Denoising;
using WanSharp.Engine.Features;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Reuse;
using WanSharp.Runtime;
using WanSharp.Storage;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

/// <summary>
/// Clips that begin with the steps of another one. The tiny model's weights are random, so the table takes whatever is nearest.
/// </summary>
[Collection("alone")]
public sealed class ReuseTests : IDisposable
{
    private readonly LiveObjects _live = new();
    private static readonly GenerationRequest Circle = new()
    {
        Prompt = "a red circle",
        Seed = 7,
        Steps = 6,
    };
    private static readonly GenerationRequest Star = Circle with { Prompt = "a red star" };

    private readonly TinyEngine _engine;
    private readonly TemporaryFolder _folder = new();
    private readonly ContentStore _store;
    private readonly StepStore _steps;
    private readonly VideoGenerator _generator;

    public ReuseTests(TinyEngine engine)
    {
        _engine = engine;
        _store = new ContentStore(_folder["steps"]);
        _steps = new StepStore(_store, [new ReuseRow(-1, 0.5), new ReuseRow(-1, 0.2)]);
        _generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings(), options: new EngineOptions { BatchSize = 1 });
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("unipc")]
    [InlineData("dpm++")]
    [InlineData("euler")]
    public async Task Generate_FromStepsOfAnotherPrompt_TakesTheOthersAlone(string sampler)
    {
        var (exact, _) = await GenerateAsync(Star with { Sampler = sampler }, new());
        await GenerateAsync(Circle with { Sampler = sampler }, new() { Steps = _steps });

        var start = await FindAsync(Star with { Sampler = sampler });
        var (frames, statistics) = await GenerateAsync(Star with { Sampler = sampler }, new() { Start = start, Steps = _steps });

        Assert.Equal(("a red circle", 3), (start!.Reused.Prompt, start.Reused.Steps));
        Assert.InRange(start.Reused.Similarity, -1, 0.9999);
        Assert.Equal(3, statistics.Steps);
        Assert.NotEqual(exact, frames);
        // what is near a clip is not a start for others
        Assert.Equal("a red circle", (await FindAsync(Circle with { Prompt = "a blue square", Sampler = sampler }))!.Reused.Prompt);
    }

    [Theory]
    [InlineData("0", true)]
    [InlineData("1", false)]
    public async Task GenerateAndFind_ByWhatComputesOtherwise_TakeNothingOfIt(string prepacking, bool isShared)
    {
        using var kept = new ContentStore(_folder["features"]);
        using var one = Generator("0");
        using var other = Generator(prepacking);
        await one.GenerateAsync(one.Plan(Circle), new FrameList(), new GenerationRunOptions { Steps = _steps }, Token);

        var made = await other.GenerateAsync(other.Plan(Circle), new FrameList(), new GenerationRunOptions(), Token);

        Assert.Equal(isShared, made.FeatureHits > 0);
        Assert.Equal(isShared, await other.FindSimilarAsync(other.Plan(Star), _steps, Token) is not null);

        VideoGenerator Generator(string setting) =>
            new(
                _engine.Model,
                _engine.Runtime,
                new SessionSettings { ConfigEntries = new Dictionary<string, string> { ["session.disable_prepacking"] = setting } },
                options: new EngineOptions { Features = new DiskFeatureStore(kept), BatchSize = 1 }
            );
    }

    [Fact]
    public async Task Find_ForAClipThatDiffersByMoreThanItsPrompt_FindsNothing()
    {
        Assert.Null(await FindAsync(Star));
        await GenerateAsync(Circle, new() { Steps = _steps });

        Assert.Null(await FindAsync(Circle)); // itself
        Assert.Null(await FindAsync(Star with { Seed = 8 }));
        Assert.Null(await FindAsync(Star with { Steps = 7 }));
        Assert.Null(await FindAsync(Star with { NegativePrompt = "blue" }));
        Assert.Null(await FindAsync(Star with { Sampler = "euler" }));
        Assert.Null(await FindAsync(Star, new StepStore(_store, [new ReuseRow(1.1, 0.5)])));
        Assert.Null(await FindAsync(Star, new StepStore(_store, [new ReuseRow(-1, 0.9)]))); // these steps were not kept
    }

    [Fact]
    public async Task Find_WhereTheStepsAreDamaged_TakesFewer()
    {
        await GenerateAsync(Circle, new() { Steps = _steps });
        var largest = Directory
            .EnumerateFiles(_folder["steps"], "payload", SearchOption.AllDirectories)
            .Select(file => new FileInfo(file))
            .OrderByDescending(file => file.Length)
            .ToList();
        Assert.Equal(3, (await FindAsync(Star))!.Reused.Steps);
        var before = (await FindAsync(Star))!.Latents;
        foreach (var file in largest.Take(2)) // the latents of three steps and of one
        {
            var bytes = File.ReadAllBytes(file.FullName);
            bytes[100] ^= 1;
            File.WriteAllBytes(file.FullName, bytes);
            var found = await FindAsync(Star);
            Assert.True(found is null || found.Reused.Steps == 1 || found.Latents.SequenceEqual(before));
        }

        Assert.Null(await FindAsync(Star));
    }

    [Fact]
    public async Task Resume_OfAClipThatBeganWithAnothers_EndsWithTheSameBitsAndKnowsIt()
    {
        await GenerateAsync(Circle, new() { Steps = _steps });
        var start = await FindAsync(Star);
        var snapshots = new List<DenoiseSnapshot>();
        var (undisturbed, _) = await GenerateAsync(
            Star,
            new()
            {
                Start = start,
                SaveInterval = TimeSpan.Zero,
                Save = (snapshot, _) =>
                {
                    snapshots.Add(snapshot);
                    return ValueTask.CompletedTask;
                },
            }
        );
        using var stream = new MemoryStream();
        snapshots[0].Write(stream);
        stream.Position = 0;
        var snapshot = DenoiseSnapshot.Read(stream);

        var (resumed, _) = await GenerateAsync(Star, new() { Resume = snapshot });

        Assert.Equal(start!.Reused, snapshot.Reused);
        Assert.Equal(undisturbed, resumed);
    }

    public void Dispose()
    {
        _generator.Dispose();
        _store.Dispose();
        _folder.Dispose();
        _live.AssertNoneIsLeft();
    }

    private Task<SimilarClip?> FindAsync(GenerationRequest request, StepStore? steps = null) =>
        _generator.FindSimilarAsync(_generator.Plan(request), steps ?? _steps, Token);

    private async Task<(List<byte[]> Frames, GenerationStatistics Statistics)> GenerateAsync(
        GenerationRequest request,
        GenerationRunOptions options
    )
    {
        await using var frames = new FrameList();
        var statistics = await _generator.GenerateAsync(_generator.Plan(request), frames, options, Token);
        return (frames.Frames, statistics);
    }
}
