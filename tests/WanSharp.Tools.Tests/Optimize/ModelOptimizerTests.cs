using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Optimize;

namespace WanSharp.Tools.Tests.Optimize;

/// <summary>A search from end to end on the tiny model, with levers that cannot be pulled around it.</summary>
public sealed class ModelOptimizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly WanHost _host;
    private readonly string _model;

    public ModelOptimizerTests(TinyEngine engine)
    {
        _model = _folder["tiny"];
        engine.CopyModel(_model);
        _host = new WanHost(new HostOptions { CacheFolder = _folder["cache"], ConfigFolder = _folder["config"] });
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private EngineSettings Settings => new() { Model = _model, Threads = 2 };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_WithLeversThatCannotBePulled_LeavesThemOutAndFindsTheOthers()
    {
        DecoderFiles.Write(Path.Combine(_model, "taeother.safetensors"), TinyVaes.Wan21); // of other latents
        File.WriteAllText(
            Path.Combine(_model, PresetCatalog.FileName),
            """
            {
              "shorter": {"models": {"tiny": {"settings": {"frames": 5}}}},
              "quick": {"models": {"tiny": {"settings": {"steps": 1, "guidance": 1}}}}
            }
            """
        );

        var report = await RunAsync(new ClipSettings(), new OptimizeGoal { MaxLoss = 1 });

        Assert.Equal(["decoder taeother.safetensors", "preset shorter"], report.Dropped.Select(way => way.Name).Order());
        Assert.Contains("are not compared", report.Dropped.Single(way => way.Name == "preset shorter").Why, StringComparison.Ordinal);
        Assert.Contains(report.Story, way => way.Choices is ["preset quick"]);
        Assert.Equal(report.Story.Count, report.Story.Select(way => string.Join(' ', way.Choices)).Distinct().Count());
        using var store = _host.OpenTunings();
        using var opened = EngineHost.Open(_host, Settings);
        var own = opened.Generator.Plan(new GenerationRequest { Prompt = "a fox", Seed = 9 });
        var front = SavedFront.Find(store, SavedFront.KeyOf(opened.Model, own, opened.Runtime.Version, Settings));
        Assert.Equal(report.Front.Select(way => way.Seconds), front!.Ways.Select(way => way.Seconds));
        Assert.All(front.Ways, way => Assert.True(way.StartSeconds > 0 && way.Seconds > 0));
    }

    /// <summary>A front and a preset are used from other folders, too.</summary>
    [Fact]
    public async Task Run_OfAModelByARelativePath_KeepsDecodersByFullPaths()
    {
        var file = Path.Combine(_model, "taetiny.safetensors");
        DecoderFiles.Write(file, TinyVaes.Of(4), DecoderFiles.OfTheTinyModel);

        var report = await RunAsync(
            new ClipSettings { Frames = 1 },
            new OptimizeGoal { MaxLoss = 1 },
            Path.GetRelativePath(Environment.CurrentDirectory, _model)
        );

        Assert.Equal([file], report.Story.Select(way => way.Settings.Decoder).OfType<string>().Distinct());
        Assert.Empty(report.Sheets);
    }

    [Fact]
    public async Task Run_WithFramesThatAreEnlarged_ComparesThemAsTheyAreInTheFile()
    {
        var upscaler = Upscalers.Write(_folder["large.safetensors"], Upscalers.Compact());

        var report = await RunAsync(new ClipSettings { Frames = 1, Upscale = upscaler }, new OptimizeGoal { MaxLoss = 1 });

        Assert.Equal(0, report.Story[0].WorstLoss, precision: 9);
        Assert.Empty(report.Dropped);
        Assert.NotEmpty(report.Sheets);
    }

    [Fact]
    public async Task Run_WithATimeThatNoWayKeeps_SaysTheLeastFromTheStartOfTheProgram()
    {
        var error = await Assert.ThrowsAsync<InvalidRequestException>(() =>
            RunAsync(new ClipSettings { Frames = 1 }, new OptimizeGoal { Within = TimeSpan.FromTicks(1) })
        );

        Assert.Equal("within", error.Field);
        Assert.Contains("from the start of the program", error.Message, StringComparison.Ordinal);
    }

    private async Task<OptimizeReport> RunAsync(ClipSettings settings, OptimizeGoal goal, string? model = null)
    {
        var options = new OptimizeOptions
        {
            Engine = model is null ? Settings : Settings with { Model = model },
            Goal = goal,
            Prompts = ["a red circle"],
            HeldBack = ["a blue star"],
            Settings = settings,
            Trials = 1,
            WithSheets = settings.Upscale is not null,
        };
        return await new ModelOptimizer(_host, options).RunAsync(progress: null, Token);
    }
}
