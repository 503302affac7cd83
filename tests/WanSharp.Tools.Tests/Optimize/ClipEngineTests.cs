using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Optimize;

namespace WanSharp.Tools.Tests.Optimize;

/// <summary>What was measured is taken only as long as it holds.</summary>
public sealed class ClipEngineTests : IDisposable
{
    private static readonly GenerationRequest Fox = new()
    {
        Prompt = "a fox",
        Seed = 1,
        Frames = 1,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly WanHost _host;
    private readonly EngineSettings _settings;

    public ClipEngineTests(TinyEngine engine)
    {
        _settings = new EngineSettings
        {
            Model = _folder["tiny"],
            Threads = 2,
            Memory = new MemoryAmount(1 << 30),
        };
        engine.CopyModel(_settings.Model);
        _host = new WanHost(new HostOptions { CacheFolder = _folder["cache"], ConfigFolder = _folder["config"] });
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_AfterADecoderChanged_LeavesItsWayOutAndSaysTheLeastTimeOfTheOthers()
    {
        var decoder = _folder["taetiny.safetensors"];
        DecoderFiles.Write(decoder, TinyVaes.Of(4), DecoderFiles.OfTheTinyModel);
        var quick = new ClipSettings { Decoder = decoder };
        Save(Way(10, new ClipSettings()), Way(1, quick));
        using (var clip = Open(within: 5))
        {
            Assert.Equal((decoder, 0), (clip.Request.Decoder, clip.LeftOut.Count));
        }

        DecoderFiles.Write(decoder, TinyVaes.Of(4), DecoderFiles.OfTheTinyModel, seed: 2);
        var error = Assert.Throws<InvalidRequestException>(() => Open(within: 5));
        Assert.Contains("takes 10.0 s at least", error.Message, StringComparison.Ordinal);
        Assert.Contains("its files, or what its preset says, changed", error.Message, StringComparison.Ordinal);

        File.Delete(decoder);
        using var own = Open(within: 20);
        Assert.Empty(own.Way!.Choices);
        Assert.Contains("taetiny", Assert.Single(own.LeftOut), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WhereAWayWouldRunSlowerThanItWasTimed_TakesAnotherOne()
    {
        var whole = Way(1, new ClipSettings()) with
        {
            Choices = ["precision int8"],
            WorstLoss = 0,
            Precision = Precision.EightBit.Name,
            Strategy = new SavedStrategy(IsWhole: true, Streamed: 0, Blocks: 2, TokensAtOnce: null),
        };
        Save(Way(2, new ClipSettings()), whole);

        using var clip = Open(within: 5);

        Assert.Equal((0, Precision.Full), (clip.Way!.Choices.Count, clip.Engine.Precision));
        Assert.Contains("block by block", Assert.Single(clip.LeftOut), StringComparison.Ordinal);
    }

    [Fact]
    public void Slower_WhereLessStaysInMemory_SaysWhat()
    {
        SavedStrategy resident = new(IsWhole: false, Streamed: 0, Blocks: 40, TokensAtOnce: null);
        var streamed = resident with { Streamed = 12 };

        Assert.Null(SavedStrategy.Slower(streamed, streamed));
        Assert.Null(SavedStrategy.Slower(streamed, now: null));
        Assert.Null(SavedStrategy.Slower(null, resident with { Streamed = 2 })); // less than times vary
        Assert.Contains("12 of 40 blocks", SavedStrategy.Slower(null, streamed), StringComparison.Ordinal);
        Assert.Contains("512 tokens", SavedStrategy.Slower(resident, resident with { TokensAtOnce = 512 }), StringComparison.Ordinal);
    }

    private static SavedWay Way(double seconds, ClipSettings settings) =>
        new()
        {
            Choices = settings.Decoder is { } file ? [$"decoder {Path.GetFileName(file)}"] : [],
            Settings = settings,
            Made = "",
            Precision = Precision.Full.Name,
            Seconds = seconds,
            StartSeconds = 0,
            Loss = 1 / seconds,
            WorstLoss = 1 / seconds,
        };

    private void Save(params SavedWay[] ways)
    {
        using var opened = EngineHost.Open(_host, _settings);
        using var store = _host.OpenTunings();
        var made = ways.Select(way => way with { Made = SavedFront.MadeBy(PlanOf(way.Settings)) });
        new SavedFront { Measured = default, Ways = [.. made] }.Save(
            store,
            SavedFront.KeyOf(opened.Model, PlanOf(new ClipSettings()), opened.Runtime.Version, _settings)
        );

        GenerationPlan PlanOf(ClipSettings settings) => opened.Generator.Plan(SettingFields.Fill(Fox, settings));
    }

    private ClipEngine Open(double within) =>
        ClipEngine.Open(_host, _settings, Fox, (asked, _) => asked, TimeSpan.FromSeconds(within), progress: null, default);
}
