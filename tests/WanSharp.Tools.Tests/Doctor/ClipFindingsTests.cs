using WanSharp.Engine.Guidance;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Tools.Doctor;
using WanSharp.Tools.Optimize;

namespace WanSharp.Tools.Tests.Doctor;

/// <summary>What may be wrong with a clip, by what it says of itself.</summary>
public sealed class ClipFindingsTests
{
    private static readonly GenerationSettings Usual = new()
    {
        Version = "1",
        Model = "wan2.1-t2v-1.3b",
        ModelDigest = "00",
        Prompt = "a fox",
        NegativePrompt = "",
        Width = 832,
        Height = 480,
        Frames = 81,
        Fps = 16,
        Steps = 50,
        GuidanceScale = 5,
        Sampler = "unipc",
        Shift = 3,
        Seed = 1,
        Images = [],
    };

    private static readonly GenerationSettings Quick = Usual with { Steps = 4, GuidanceScale = 1 };

    [Fact]
    public void Of_AUsualClip_IsGood() => Assert.All(Of(Usual), finding => Assert.Equal(Severity.Good, finding.Severity));

    /// <summary>A lever that is added to the search is looked at here, too.</summary>
    [Fact]
    public void Settings_HaveAllLevers() =>
        Assert.Empty(FrontChoice.LeverFields.Select(lever => lever.Field).Except(ClipFindings.Looks.Select(look => look.Setting)));

    [Fact]
    public void Of_FewStepsWithALoraOfAStyle_NamesThemStill()
    {
        var clip = Quick with { Loras = [new GenerationSettings.EmbeddedLora("ink.safetensors", "00", "1")] };

        Assert.Contains(Of(clip), finding => finding.Says.Contains("4 steps", StringComparison.Ordinal));
        Assert.Contains(Of(clip), finding => finding.Says.Contains("without guidance", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_FewStepsOfWhatWasMadeForThem_IsGood()
    {
        GenerationSettings[] clips =
        [
            Quick with
            {
                Loras = [new GenerationSettings.EmbeddedLora("Wan21_lightx2v_4steps.safetensors", "00", "1")],
            },
            Quick with
            {
                ModelFiles = new Dictionary<string, string> { ["transformer"] = "wan2.1_t2v_14b_4step_distill.safetensors" },
            },
            Quick with
            {
                Preset = "lightning-4",
            },
        ];

        Assert.All(clips, clip => Assert.Equal(Severity.Good, Assert.Single(Of(clip)).Severity));
    }

    [Fact]
    public void Of_AClipInAPresetThatOptimizeSaved_NamesIt()
    {
        var clip = Usual with { Preset = "mine", Steps = 10, GuidanceInterval = new StepInterval(0, 0.6) };

        var says = Of(clip).Select(finding => finding.Says).ToList();

        Assert.Equal(3, says.Count);
        Assert.Contains(says, one => one.Contains("10 steps", StringComparison.Ordinal));
        Assert.Contains(says, one => one.Contains("preset mine", StringComparison.Ordinal));
        Assert.Contains(says, one => one.Contains("was guided in", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("interpolate")]
    [InlineData("upscale")]
    public void Of_FramesThatTheModelDidNotMake_NamesWhatDid(string setting)
    {
        var clip =
            setting == "upscale"
                ? Usual with
                {
                    Upscale = new UsedNetwork("large", "00", 4),
                }
                : Usual with
                {
                    Interpolate = new UsedInterpolation("rife", "00", 8),
                };

        Assert.Contains($"--{setting}", Assert.Single(Of(clip)).Command, StringComparison.Ordinal);
    }

    private static List<Finding> Of(GenerationSettings clip) => [.. ClipFindings.Of(clip, PresetCatalog.Shipped)];
}
