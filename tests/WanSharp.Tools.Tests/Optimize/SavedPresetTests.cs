using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Engine.StepCaches;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Optimize;

namespace WanSharp.Tools.Tests.Optimize;

public sealed class SavedPresetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Save_AmongOthers_IsReadBackAndReplacesItsOwn()
    {
        File.WriteAllText(_folder[PresetCatalog.FileName], """{"other": {"models": {"shapes": {"settings": {"steps": 7}}}}}""");

        SavedPreset.Save(_folder.Path, "mine", "shapes", Way(Precision.Full), "first");
        SavedPreset.RequireWritable(_folder.Path, "mine");
        SavedPreset.Save(_folder.Path, "Mine", "shapes", Way(Precision.EightBit), "second");

        var catalog = PresetCatalog.Load([_folder[PresetCatalog.FileName]]);
        var form = catalog.Find("mine").Preset.Models["shapes"];
        Assert.Equal((12, "easy:0.1", Precision.EightBit), (form.Settings.Steps, form.Settings.StepCache?.ToString(), form.Precision));
        Assert.True(catalog.IsEightBit("mine"));
        Assert.False(catalog.IsEightBit("other"));
        Assert.Equal(7, catalog.Find("other").Preset.Models["shapes"].Settings.Steps);
    }

    [Theory]
    [InlineData("other", "did not write")]
    [InlineData("shapes-4", "did not write")]
    [InlineData("two words", "no spaces")]
    public void RequireWritable_OfANameThatIsNotOurs_IsRefused(string name, string expected)
    {
        File.WriteAllText(_folder[PresetCatalog.FileName], """{"other": {"models": {"shapes": {}}}}""");

        var error = Assert.Throws<InvalidRequestException>(() => SavedPreset.RequireWritable(_folder.Path, name));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireWritable_OfAFileWithComments_IsRefused()
    {
        File.WriteAllText(_folder[PresetCatalog.FileName], "{} // mine");

        var error = Assert.Throws<InvalidRequestException>(() => SavedPreset.RequireWritable(_folder.Path, "new"));

        Assert.Contains("comments", error.Message, StringComparison.Ordinal);
    }

    private static SavedWay Way(string precision) =>
        new()
        {
            Choices = ["steps 12"],
            Settings = new ClipSettings { Steps = 12, StepCache = StepCacheSetting.Parse("easy:0.1", null) },
            Precision = precision,
            Seconds = 1,
            StartSeconds = 1,
            Loss = 0.01,
            WorstLoss = 0.02,
        };
}
