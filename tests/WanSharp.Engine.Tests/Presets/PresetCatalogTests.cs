using System.Text;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Models;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Presets;

public sealed class PresetCatalogTests : IDisposable
{
    private const string Mine = """
        // comments are welcome
        {"mine": {"about": "four steps", "aliases": ["four"], "models": {"wan2.1-t2v-14b, tiny": {
          "settings": {"sigmas": [1, 0.9, 0.5], "sampler": "lcm", "guidance": 1},
          "loras": [{"repository": "me/mine", "file": "mine.safetensors", "strength": "0.8"}], "merged": ["mine"]}}}}
        """;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Shipped => [.. PresetCatalog.Shipped.All.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Shipped_AreForPublishedModels_AndTheirSettingsFitTogether(string name)
    {
        var preset = PresetCatalog.Shipped.All[name];

        Assert.EndsWith(").", preset.About, StringComparison.Ordinal);
        Assert.All(preset.ModelNames, model => Assert.Contains(model, ModelVariant.All.Keys.Append("shapes")));
        foreach (var (form, settings) in preset.Models.Values.SelectMany(form => SettingsOf(form).Select(settings => (form, settings))))
        {
            Assert.True(Samplers.TryParse(settings.Sampler!, out var kind, out _));
            var list = settings.Sigmas ?? settings.Timesteps;
            var sampler = Samplers.Create(
                new SamplerOptions
                {
                    Kind = kind,
                    Steps = settings.Steps ?? list!.Count,
                    Shift = settings.Shift ?? 1,
                    Sigmas = settings.Sigmas,
                    Timesteps = settings.Timesteps,
                }
            );
            Assert.InRange(sampler.StepCount, 1, 10);
            Assert.True(settings.GuidanceScale == 1 || settings.GuidanceSteps?.Count == sampler.StepCount);
            Assert.True(form.Loras.Count > 0 || form.Merged.Count > 0);
        }
    }

    /// <summary>The steps of each expert: Lightning 2 and 2, or 4 and 4; three phases 1 guided, then 3, then the others.</summary>
    [Theory]
    [InlineData("lightning-4", "wan2.2-t2v-a14b", 2)]
    [InlineData("lightning-4", "wan2.2-i2v-a14b", 2)]
    [InlineData("lightning-8", "wan2.2-t2v-a14b", 4)]
    [InlineData("lightning-8", "wan2.2-i2v-a14b", 4)]
    [InlineData("three-phase-8", "wan2.2-t2v-a14b", 4)]
    [InlineData("three-phase-8", "wan2.2-i2v-a14b", 4)]
    [InlineData("flf2v-distilled", "wan2.2-i2v-a14b", 2)]
    public void Shipped_ForTwoExperts_HandOverWhereTheirSourcesDo(string name, string model, int expected)
    {
        foreach (var settings in SettingsOf(PresetCatalog.Shipped.All[name].Models[model]))
        {
            Assert.True(Samplers.TryParse(settings.Sampler!, out var kind, out _));
            var timesteps =
                settings.Timesteps?.Values
                ?? [.. Samplers.Create(kind, settings.Steps!.Value, settings.Shift!.Value).Timesteps.ToArray().Select(one => (double)one)];

            Assert.Equal(expected, timesteps.Count(timestep => ExpertBoundary.IsHighNoise((float)timestep, settings.Boundary!.Value)));
        }
    }

    /// <summary>
    /// deepbeepmeep/Wan2GP:profiles/wan_2_2 and shared/utils/euler_scheduler.py: 1000 to 1 evenly, then shifted; guided above 965, or 985
    /// with the shift of 5, and the low-noise expert from 800 on.
    /// </summary>
    [Theory]
    [InlineData("wan2.2-t2v-a14b", "wan2.2_t2v_A14b_high_noise_lora_rank64_lightx2v_4step_1217.safetensors", 3, 965)]
    [InlineData("wan2.2-i2v-a14b", "Wan2.2_I2V_A14B_HIGH_4steps_lora_rank64_Seko_V1_forKJ.safetensors", 3, 965)]
    [InlineData("wan2.2-i2v-a14b", "Wan2.2_I2V_A14B_HIGH_lightx2v_MoE_distill_lora_rank_64_bf16.safetensors", 5, 985)]
    public void Shipped_ThreePhases_AreThoseOfTheirProfiles(string model, string file, int shift, int guidedAbove)
    {
        var form = PresetCatalog.Shipped.All["three-phase-8"].Models[model];
        var settings = form.SettingsWith(form.Loras.Single(loras => loras.High == file));

        for (var step = 0; step < 8; step++)
        {
            var time = (1000 - (step * 999.0 / 7)) / 1000;
            var timestep = settings.Timesteps![step];
            Assert.Equal(1000 * shift * time / (1 + ((shift - 1) * time)), timestep, 1e-3);
            Assert.Equal(timestep > guidedAbove ? 3.5 : 1, settings.GuidanceSteps![step]);
        }
    }

    /// <summary>
    /// deepbeepmeep/Wan2GP:docs/LORAS.md, "CausVid Step/Multiplier Relationship": 0.5 to 0.7 at 8 steps, 0.3 at 12; 1 is for four. The
    /// later file changes less, and no source gives it another strength.
    /// </summary>
    [Theory]
    [InlineData("wan2.1-t2v-14b", "Wan21_CausVid_14B_T2V_lora_rank32.safetensors", "0.5")]
    [InlineData("wan2.1-t2v-14b", "Wan21_CausVid_14B_T2V_lora_rank32_v2.safetensors", "1")]
    [InlineData("wan2.1-t2v-1.3b", "Wan21_CausVid_bidirect2_T2V_1_3B_lora_rank32.safetensors", "1")]
    public void Shipped_CausVid_ActsAsStronglyAsItsStepsTake(string model, string file, string strength) =>
        Assert.Equal(strength, PresetCatalog.Shipped.All["causvid"].Models[model].Loras.Single(loras => loras.File == file).Strength);

    /// <summary>NVlabs/rcm:Wan.md, the examples of 14B at 720p: <c>--sigma_max 120</c>; the program's default is 80.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Shipped_RcmOf720p_BeginsWithMoreNoiseAndGoesOnAlike(int steps)
    {
        var form = PresetCatalog.Shipped.All[$"rcm-{steps}"].Models["wan2.1-t2v-14b"];
        var usual = SigmaSchedule.Rcm(steps).Sigmas;

        var settings = form.SettingsWith(form.Loras.Single(loras => loras.File!.Contains("720p", StringComparison.Ordinal)));

        Assert.Null(settings.Steps);
        Assert.Equal(120.0 / 121, settings.Sigmas![0], 1e-12);
        Assert.Equal(usual[1..steps], settings.Sigmas.Values.Skip(1).Select(sigma => (float)sigma));
    }

    private static IEnumerable<ClipSettings> SettingsOf(PresetForm form) =>
        form.Loras.Select(form.SettingsWith).Concat(form.Loras.Count == 0 || form.Merged.Count > 0 ? [form.Settings] : []);

    [Fact]
    public void Load_AFile_AddsItsPresetsAndReplacesOthers()
    {
        File.WriteAllText(_folder["presets.json"], Mine);
        File.WriteAllText(
            _folder["later.json"],
            """{"mine": {"models": {"x": {}}}, "lightning-4": {"models": {"x": {"settings": {"steps": 3}}}}}"""
        );

        var catalog = PresetCatalog.Load([_folder["presets.json"], _folder["later.json"]]);

        Assert.Equal("x", Assert.Single(catalog.Find("MINE").Preset.ModelNames));
        Assert.Equal(3, catalog.Find("lightning-4").Preset.Models["x"].Settings.Steps);
        Assert.Throws<InvalidRequestException>(() => catalog.Find("four")); // the replaced one's
        Assert.Throws<InvalidRequestException>(() => catalog.Find("lightning"));
        Assert.Equal("mine", PresetCatalog.Load([_folder["presets.json"]]).Find("Four").Name);
        Assert.False(PresetCatalog.Shipped.All.ContainsKey("mine"));
    }

    [Theory]
    [InlineData("[]", "not a list of presets")]
    [InlineData("""{"a": null}""", "'a' is null")]
    [InlineData("""{"a": {"models": {}}, "a": {"models": {}}}""", "Duplicate propert")]
    [InlineData("""{"ink": {"models": {}}, "Ink": {"models": {}}}""", "'ink' and 'Ink' differ in case alone")]
    [InlineData("""{"a": {}}""", "models")]
    [InlineData("""{"a": {"models": {}}}""", "for no model")]
    [InlineData("""{"a": {"models": {"x": null}}}""", "a null")]
    [InlineData("""{"a": {"models": {"x": {}}, "modles": {}}}""", "modles")]
    [InlineData("""{"a": {"models": {"x": {"settings": {"step": 4}}}}}""", "Did you mean steps?")]
    [InlineData("""{"a": {"models": {"x": {"settings": {"sigmas": [true]}}}}}""", "sigmas is numbers")]
    [InlineData("""{"a": {"models": {"x": {"settings": {"guidance": 1, "guidance_steps": [1]}}}}}""", "leave one out")]
    [InlineData("""{"a": {"models": {"x": {"settings": {"preset": "b"}}}}}""", "another preset")]
    [InlineData("""{"a": {"models": {"x": {"loras": [{"file": "f", "settings": {"preset": "b"}}]}}}}""", "another preset")]
    [InlineData("""{"a": {"models": {"x": {"loras": [{"repository": "r"}]}}}}""", "name a file")]
    [InlineData("""{"a": {"models": {"x": {"loras": [{"repository": "r", "file": "../f"}]}}}}""", "without folders")]
    [InlineData("""{"a": {"models": {"x": {"loras": [{"repository": "r", "file": "f", "strength": "x"}]}}}}""", "'x' is not a strength")]
    [InlineData("""{"a": {"aliases": ["lightning-8"], "models": {"x": {}}}}""", "names both")]
    [InlineData("""{"a b": {"models": {"x": {}}}}""", "no spaces")]
    [InlineData("{\n\"a\": {\n\"models\": {\"x\": {\"settings\": {\n\"step\": 4}}}}}", "line 4: There is no setting 'step'")]
    [InlineData("{\n\"a\": {\n\"models\": {\"x\": {\"settings\": {\n\"steps\": \"k\"}}}}}", "line 4: The steps is a whole number")]
    [InlineData("{\n\"a\": {\n\"modles\": {}}}", "line 3: There is no member 'modles' here")]
    [InlineData("{\n\"a\": {\n\"models\": {}\n\"b\": 1}}", "line 4: ")]
    public void Load_AFileThatIsWrong_SaysWhereAndWhat(string json, string expected)
    {
        File.WriteAllText(_folder["presets.json"], json);

        var wrong = Assert.Throws<InvalidDataException>(() => PresetCatalog.Load([_folder["presets.json"]]));

        Assert.StartsWith(_folder["presets.json"], wrong.Message, StringComparison.Ordinal);
        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Files that are damaged byte by byte and member by member: presets whose settings can be read, or one clear error.
    /// <c>WAN_FUZZ</c> sets how many.
    /// </summary>
    [Fact]
    public void Load_AMutatedFile_IsReadOrRefused()
    {
        var count = Repetitions.Of("WAN_FUZZ", 150);
        var random = new Random(13);
        string[] sources = [Mine, Mine[Mine.IndexOf('{')..], File.ReadAllText(PathOfShipped())];
        for (var i = 0; i < count; i++)
        {
            var text = JsonMutation.Of(sources[i % sources.Length], random);
            File.WriteAllText(_folder["presets.json"], text, Encoding.Latin1);
            try
            {
                var catalog = PresetCatalog.Load([_folder["presets.json"]]);
                foreach (var settings in catalog.All.Values.SelectMany(preset => preset.Models.Values).SelectMany(SettingsOf))
                {
                    Assert.NotNull(SettingFields.CommandLine(settings).ToList());
                }
            }
            catch (InvalidDataException refused)
            {
                Assert.StartsWith(_folder["presets.json"], refused.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', refused.Message);
            }
            catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"{e.GetType().Name} at {i}: {e.Message}\n{e.StackTrace}\n{text}");
            }
        }
    }

    private string PathOfShipped()
    {
        using var stream = typeof(PresetCatalog).Assembly.GetManifestResourceStream("WanSharp.Engine.presets.json")!;
        using var file = File.Create(_folder["shipped.json"]);
        stream.CopyTo(file);
        return file.Name;
    }
}
