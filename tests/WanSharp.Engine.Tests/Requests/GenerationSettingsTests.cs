using WanSharp.Engine.Requests;

namespace WanSharp.Engine.Tests.Requests;

public class GenerationSettingsTests
{
    private static readonly GenerationSettings Settings = new()
    {
        Version = "1.2.3",
        Model = "shapes",
        ModelDigest = "ab",
        Prompt = "一个\"红色\"圆形\n\\向左\u001b 🎬",
        NegativePrompt = "",
        Width = 832,
        Height = 480,
        Frames = 81,
        Fps = 16,
        Steps = 50,
        GuidanceScale = 5.1f,
        Sampler = "dpm++",
        Shift = 0.1 + 0.2,
        Seed = ulong.MaxValue,
        Images = [new GenerationSettings.EmbeddedImage(20, "cd")],
    };

    [Fact]
    public void FromJson_OfToJson_IsTheSame()
    {
        var json = Settings.ToJson();

        var read = GenerationSettings.FromJson(json);

        Assert.NotNull(read);
        Assert.Equal(Settings with { Images = [] }, read with { Images = [] });
        Assert.Equal(Settings.Images, read.Images);
    }

    /// <summary>As version 0.1 embedded it, with the command that makes the clip again.</summary>
    [Fact]
    public void FromJson_OfAnOldClip_GivesBackTheRequest()
    {
        var read = GenerationSettings.FromJson(
            """{"version":"0.1.0","model":"wan2.2","model_digest":"ab","prompt":"a cat","negative_prompt":"dogs","width":832,"""
                + """ "height":480,"frames":81,"fps":16,"steps":40,"guidance_scale":3.1,"high_noise_guidance_scale":4,"boundary":0.875,"""
                + """ "sampler":"unipc","shift":12,"seed":18446744073709551615,"images":[]}"""
        );

        Assert.Equal(
            [
                ("--negative", "dogs"),
                ("--size", "832x480"),
                ("--frames", "81"),
                ("--fps", "16"),
                ("--steps", "40"),
                ("--sampler", "unipc"),
                ("--shift", "12"),
                ("--boundary", "0.875"),
                ("--guidance", "3.1"),
                ("--guidance-high", "4"),
                ("--seed", "18446744073709551615"),
            ],
            SettingFields.CommandLine(read!.ToRequested())
        );
    }

    [Fact]
    public void ToJson_IsOneReadableLine()
    {
        var json = Settings.ToJson();

        Assert.DoesNotContain(json, char.IsControl);
        Assert.Contains("红色", json, StringComparison.Ordinal);
        Assert.Contains("\"guidance_scale\":5.1,", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"prompt\":")]
    [InlineData("\"\ud800\"")]
    public void FromJson_OfSomethingElse_IsNull(string json) => Assert.Null(GenerationSettings.FromJson(json));

    [Theory]
    [InlineData("\"model\":\"shapes\"", "\"model\":null")]
    [InlineData("\"negative_prompt\":\"\"", "\"negative_prompt\":null")]
    [InlineData("\"width\":832", "\"width\":null")]
    [InlineData("\"width\":832", "\"width\":1e99")]
    [InlineData("\"width\":832", "\"width\":\"832\"")]
    [InlineData("\"seed\":18446744073709551615", "\"seed\":-1")]
    [InlineData("\"sampler\":\"dpm++\",", "")]
    [InlineData("\"images\":[", "\"images\":[null,")]
    [InlineData("\"sha256\":\"cd\"", "\"sha256\":null")]
    [InlineData(",\"sha256\":\"cd\"", "")]
    public void FromJson_OfHostileSettings_IsNull(string part, string other)
    {
        var json = Settings.ToJson();
        Assert.Contains(part, json, StringComparison.Ordinal);

        Assert.Null(GenerationSettings.FromJson(json.Replace(part, other, StringComparison.Ordinal)));
    }

    [Fact]
    public void FromJson_OfDeepNesting_IsNull() =>
        Assert.Null(GenerationSettings.FromJson(string.Concat(Enumerable.Repeat("{\"x\":", 10_000))));
}
