using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Strategies;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Storage;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Strategies;

/// <summary>Alone, since an engine that follows the free memory limits that of all runs of the process.</summary>
[NoLiveObjects]
[Collection("alone")]
public sealed class CompileTuningTests(TinyEngine engine) : IDisposable
{
    /// <summary>Other graphs and packed weights round otherwise.</summary>
    private const int LargestPixelDifference = 1;

    private static readonly GenerationRequest Circle = new()
    {
        Prompt = "a red circle",
        Seed = 7,
        Steps = 3,
    };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_WithReducedOverhead_RunsGraphsOfFixedShapes()
    {
        using var plain = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        using var generator = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { Tuning = CompileTuning.ReduceOverhead }
        );

        var (plan, frames) = await GenerateAsync(generator);

        Assert.True(plan.Strategy!.StaticShapes);
        Assert.Contains("fixed shapes", plan.Strategy.ToString(), StringComparison.Ordinal);
        AssertNear((await GenerateAsync(plain)).Frames, frames);
    }

    [Fact]
    public async Task Generate_WithoutOptimization_ShowsTheSame()
    {
        using var plain = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        using var generator = new VideoGenerator(
            engine.Model,
            engine.Runtime,
            new SessionSettings(),
            new TransformerOptions { Mode = CompileMode.Off },
            new EngineOptions { FollowsFreeMemory = true }
        );

        var (plan, frames) = await GenerateAsync(generator);

        Assert.Equal(CompileMode.Off, plan.Strategy!.Compile);
        AssertNear((await GenerateAsync(plain)).Frames, frames);
    }

    [Fact]
    public async Task Plan_WhereTheWholeNetworkIsPackedOnDisk_TakesIt()
    {
        var (kept, limited) = (new TransformerOptions { CacheFolder = _folder["graphs"] }, new EngineOptions { FollowsFreeMemory = true });
        using (var first = Generator(kept))
        {
            Assert.Equal(CompileMode.Blocks, first.Plan(Circle).Strategy!.Compile);
        }

        using (var packing = Generator(kept with { Mode = CompileMode.Whole }))
        {
            await GenerateAsync(packing);
            Assert.Null(await packing.FinishCompilingAsync(Token));
        }

        using var next = Generator(kept);
        var plan = next.Plan(Circle);
        await using var frames = new FrameList();
        var clip = await next.GenerateAsync(plan, frames, options: null, Token);
        limited = limited with { BlocksOnly = true };
        using var blocks = Generator(kept);

        Assert.Equal("whole network: its packed weights are on disk", Assert.Single(plan.Strategy!.Reasons));
        Assert.Equal((CompileMode.Whole, true), (clip.Compile, clip.RanAsPlanned));
        var graph = next.Statistics.Graphs.Single(graph => graph.Name == "transformer_step");
        Assert.Equal((0, 1), (graph.Compiles, graph.Loads));
        Assert.Equal("blocks: asked for", blocks.Plan(Circle).Strategy!.Reasons[0]);

        VideoGenerator Generator(TransformerOptions transformer) =>
            new(engine.Model, engine.Runtime, new SessionSettings(), transformer, limited);
    }

    [Fact]
    public async Task Tune_ForMaxAutotune_TimesOnceAndRemembers()
    {
        using var tunings = new ContentStore(_folder["tunings"]);
        var options = new EngineOptions { Tuning = CompileTuning.MaxAutotune, Tunings = tunings };
        using var plain = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings());
        using (var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings(), options: options))
        {
            var plan = generator.Plan(Circle);
            Assert.Contains("are timed when", plan.Strategy!.Reasons[^1], StringComparison.Ordinal);

            plan = await generator.TuneAsync(plan, Token);

            Assert.StartsWith("max-autotune: kept ", plan.Strategy!.Reasons[^1], StringComparison.Ordinal);
            AssertNear((await GenerateAsync(plain)).Frames, (await GenerateAsync(generator)).Frames);
        }

        using var next = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings(), options: options);
        Assert.StartsWith("max-autotune: kept ", next.Plan(Circle).Strategy!.Reasons[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wan2.1-t2v-1.3b")]
    [InlineData("wan2.1-i2v-14b-480p")]
    [InlineData("wan2.1-flf2v-14b")]
    [InlineData("wan2.2-i2v-a14b")]
    [InlineData("wan2.2-ti2v-5b")]
    [InlineData("wan2.1-vace-1.3b")]
    public async Task Tune_ForMaxAutotune_TimesEveryWayOfEveryVariant(string variant)
    {
        using var networks = new TinyNetworks(variant);
        new ToolFolders(networks, _folder["model"]).Official();
        using var model = WanModel.Open(_folder["model"]);
        using var generator = new VideoGenerator(
            model,
            engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { Tuning = CompileTuning.MaxAutotune }
        );
        var image = new ConditioningImage(new RgbImage(32, 32, new byte[3 * 32 * 32]));
        var images = networks.Type switch
        {
            "t2v" or "vace" => Array.Empty<ConditioningImage>(),
            "flf2v" => [image, image with { LatentFrame = -1 }],
            _ => [image],
        };

        var plan = await generator.TuneAsync(generator.Plan(Circle with { Width = 32, Height = 32, Frames = 5, Images = images }), Token);

        Assert.Matches("^max-autotune: kept .* × as long in .* × as long in ", plan.Strategy!.Reasons[^1]);
        Assert.DoesNotContain("could not be timed", plan.Strategy.Reasons[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Generator_OfFixedAndAllShapes_IsRefused() =>
        Assert.Contains(
            "--dynamic",
            Assert
                .Throws<InvalidRequestException>(() =>
                    new VideoGenerator(
                        engine.Model,
                        engine.Runtime,
                        new SessionSettings(),
                        options: new EngineOptions { Tuning = CompileTuning.ReduceOverhead, DynamicShapes = true }
                    )
                )
                .Message,
            StringComparison.Ordinal
        );

    private static async Task<(GenerationPlan Plan, IReadOnlyList<byte[]> Frames)> GenerateAsync(VideoGenerator generator)
    {
        var frames = new FrameList();
        var plan = generator.Plan(Circle);
        await generator.GenerateAsync(plan, frames, cancellationToken: Token);
        return (plan, frames.Frames);
    }

    private static void AssertNear(IReadOnlyList<byte[]> expected, IReadOnlyList<byte[]> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        Assert.InRange(
            expected.Zip(actual, (one, other) => one.Zip(other, (a, b) => Math.Abs(a - b)).Max()).Max(),
            0,
            LargestPixelDifference
        );
    }
}
