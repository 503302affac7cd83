using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Engine.StepCaches;
using WanSharp.Hosting;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Optimize;

namespace WanSharp.Tools.Tests.Optimize;

public sealed class SavedPresetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TinyEngine _engine;
    private readonly WanHost _host;

    public SavedPresetTests(TinyEngine engine)
    {
        _engine = engine;
        _host = new WanHost(new HostOptions { CacheFolder = _folder["cache"], ConfigFolder = _folder.Path });
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string PresetFile => _folder[PresetCatalog.FileName];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Save_AmongOthers_IsReadBackAndReplacesItsOwn()
    {
        File.WriteAllText(PresetFile, """{"other": {"models": {"shapes": {"settings": {"steps": 7}}}}}""");

        await SaveAsync("mine", Form(precision: null));
        SavedPreset.RequireWritable(_folder.Path, "mine");
        await SaveAsync("Mine", Form(Precision.EightBit.Name));

        var catalog = PresetCatalog.Load([PresetFile]);
        var form = catalog.Find("mine").Preset.Models["shapes"];
        Assert.Equal((12, "easy:0.1", Precision.EightBit.Name), (form.Settings.Steps, form.Settings.StepCache?.ToString(), form.Precision));
        Assert.Equal(7, catalog.Find("other").Preset.Models["shapes"].Settings.Steps);
    }

    [Fact]
    public async Task Save_ForAnotherModel_KeepsWhatItIsForTheFirst()
    {
        await SaveAsync("mine", Form(precision: null));

        await SavedPreset.SaveAsync(_host, "mine", "other", Form(Precision.EightBit.Name), "measured", Token);

        var models = PresetCatalog.Load([PresetFile]).Find("mine").Preset.Models;
        Assert.Equal((null, Precision.EightBit.Name), (models["shapes"].Precision, models["other"].Precision));
    }

    /// <summary>A preset names no other: the file would be refused by every command.</summary>
    [Fact]
    public async Task Save_OfAWayWithAPreset_SaysWhatThatSays()
    {
        var presets = new PresetChoice(
            PresetCatalog.Load([
                _folder.Write(
                    "quick.json",
                    """
                    {"quick": {"models": {"tiny": {
                      "settings": {"steps": 4, "guidance": 1},
                      "loras": [{"file": "few.safetensors", "strength": "0.8", "settings": {"shift": 3, "decoder": "theirs"}}],
                      "merged": ["quickly"]}}}}
                    """
                ),
            ])
        );
        LeverChoice[] choices =
        [
            new("preset", "quick", clip => clip with { Preset = "quick" }),
            new("decoder", "tae", clip => clip with { Decoder = "tae" }),
            new("precision", "int8", clip => clip) { Precision = Precision.EightBit },
        ];
        var way = choices.Aggregate(Way.Own, (way, choice) => way.With(choice)!);

        await SaveAsync("mine", SavedPreset.FormOf(way, way.Precision!, presets, _engine.Model));

        var form = PresetCatalog.Load([PresetFile]).Find("mine").Preset.Models["shapes"];
        Assert.Equal((null, 4, 1f, "tae"), (form.Settings.Preset, form.Settings.Steps, form.Settings.GuidanceScale, form.Settings.Decoder));
        var loras = Assert.Single(form.Loras);
        Assert.Equal(("few.safetensors", "0.8", 3.0, "tae"), (loras.File, loras.Strength, loras.Settings.Shift, loras.Settings.Decoder));
        Assert.Equal(["quickly"], form.Merged);
        Assert.Equal(Precision.EightBit.Name, form.Precision);
    }

    [Fact]
    public async Task Save_OfSeveralAtOnce_KeepsAll()
    {
        string[] names = [.. Enumerable.Range(0, 8).Select(i => $"preset-{i}")];

        await Task.WhenAll(names.Select(name => Task.Run(() => SaveAsync(name, Form(precision: null)), Token)));

        Assert.Empty(names.Except(PresetCatalog.Load([PresetFile]).All.Keys));
    }

    [Theory]
    [InlineData("{} // mine", "comments")]
    [InlineData("""{"mine": {"models": {"shapes": {}}}}""", "did not write")]
    public async Task Save_WhereTheFileChangedMeanwhile_IsRefusedAndLeavesIt(string meanwhile, string expected)
    {
        SavedPreset.RequireWritable(_folder.Path, "mine");
        File.WriteAllText(PresetFile, meanwhile);

        var error = await Assert.ThrowsAsync<InvalidRequestException>(() => SaveAsync("mine", Form(precision: null)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal(meanwhile, File.ReadAllText(PresetFile));
    }

    [Fact]
    public async Task Save_OfWhatCannotBeRead_WritesNothing()
    {
        var form = new PresetForm { Settings = new ClipSettings { Preset = "another" } };

        await Assert.ThrowsAsync<InvalidDataException>(() => SaveAsync("mine", form));

        Assert.False(File.Exists(PresetFile));
    }

    [Theory]
    [InlineData("other", "did not write")]
    [InlineData("shapes-4", "did not write")]
    [InlineData("lightning", "did not write")] // another name of lightning-4
    [InlineData("two words", "no spaces")]
    public void RequireWritable_OfANameThatIsNotOurs_IsRefused(string name, string expected)
    {
        File.WriteAllText(PresetFile, """{"other": {"models": {"shapes": {}}}}""");

        var error = Assert.Throws<InvalidRequestException>(() => SavedPreset.RequireWritable(_folder.Path, name));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireWritable_OfAFileWithComments_IsRefused()
    {
        File.WriteAllText(PresetFile, "{} // mine");

        var error = Assert.Throws<InvalidRequestException>(() => SavedPreset.RequireWritable(_folder.Path, "new"));

        Assert.Contains("comments", error.Message, StringComparison.Ordinal);
    }

    private Task<string> SaveAsync(string name, PresetForm form) => SavedPreset.SaveAsync(_host, name, "shapes", form, "measured", Token);

    private static PresetForm Form(string? precision) =>
        new()
        {
            Settings = new ClipSettings { Steps = 12, StepCache = StepCacheSetting.Parse("easy:0.1", null) },
            Precision = precision,
        };
}
