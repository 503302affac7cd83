using WanSharp.Engine.Requests;
using WanSharp.Jobs.Recipes;

namespace WanSharp.Jobs.Tests.Recipes;

/// <summary>What SwarmUI puts into its clips.</summary>
public class SwarmRecipeTests
{
    private const string OfPicture =
        "\"videomodel\": \"wan2.2_i2v_high_noise_14B_fp8_scaled\", \"videoswapmodel\": \"wan2.2_i2v_low_noise_14B_fp8_scaled\", "
        + "\"videosteps\": 10, \"videoresolution\": \"Image Aspect, Model Res\"";

    private const string OfExperts =
        "\"refinermodel\": \"low\", \"refinermethod\": \"StepSwap\", \"refinercontrolpercentage\": 0.5, \"steps\": 4, \"cfgscale\": 3.5";

    [Fact]
    public void Settings_AreRead()
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "recipes", "swarm.json"));

        var recipe = RecipeReader.Read([("", text)], "swarm.json")!;

        Assert.Equal(("SwarmUI", "a lighthouse in fog"), (recipe.Tool, recipe.Prompt));
        Assert.Equal(
            "--negative text --size 832x480 --frames 49 --fps 16 --steps 20 --sampler euler --shift 8 --guidance 6 --seed 1234567890123 "
                + "--lora style/fog.safetensors:0.75",
            Settings(recipe)
        );
        Assert.Contains(recipe.Unexpressed, one => one.Contains("'beta'", StringComparison.Ordinal));
        Assert.Contains("teacachethreshold 0.25", recipe.Unexpressed);
    }

    /// <summary>The schedule that it names to ComfyUI for Wan is <c>simple</c>, which spaces as ours does.</summary>
    [Fact]
    public void WhatItLeavesOutOfAClipFromText_IsItsDefault()
    {
        var recipe = Read("\"steps\": 4, \"cfgscale\": 6");

        Assert.Empty(recipe.Unexpressed);
        Assert.Equal("--size 1344x768 --frames 81 --fps 24 --steps 4 --sampler euler --shift 8 --guidance 6 --seed 1", Settings(recipe));
    }

    /// <summary>The numbers of a clip from a picture are those of the model's class.</summary>
    [Fact]
    public void WhatItLeavesOutOfAClipFromAPicture_IsTheDefaultOfItsModel()
    {
        var recipe = Read(OfPicture + ", \"videoswappercent\": 0.6");

        Assert.Equal(
            "--size 1280x704 --frames 49 --fps 24 --steps 10 --sampler euler --shift 8 --boundary 0.9361 --guidance 3.5 --seed 1",
            Settings(recipe)
        );
        Assert.StartsWith("wan2.2_i2v_high", recipe.HighNoiseModel, StringComparison.Ordinal);
        Assert.StartsWith("wan2.2_i2v_low", recipe.LowNoiseModel, StringComparison.Ordinal);
        Assert.StartsWith("the first frame is a picture", Assert.Single(recipe.Unexpressed), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wan2.2_ti2v_5B_fp16", "--size 1280x704 --frames 49 --fps 22 --steps 20", "--guidance 5")]
    [InlineData("Wan/Wan2_1-I2V-14B-720P_fp8", "--size 832x512 --frames 81 --fps 24 --steps 20", "--guidance 6")]
    [InlineData("someones_mix", "--steps 20", null)]
    public void AModelsDefaults_AreThoseOfItsClass_OrNamed(string model, string measures, string? guidance)
    {
        var recipe = Read($"\"videomodel\": \"{model}\", \"videoresolution\": \"Image Aspect, Model Res\"");

        Assert.StartsWith(measures, Settings(recipe), StringComparison.Ordinal);
        Assert.Equal(guidance is not null, Settings(recipe).Contains(guidance ?? "--guidance", StringComparison.Ordinal));
        Assert.Equal(guidance is null ? 5 : 1, recipe.Unexpressed.Count);
    }

    /// <summary>Width and height are the picture's: the clip has them only where that is said.</summary>
    [Theory]
    [InlineData("\"videoresolution\": \"Image\"", 1344, 768)]
    [InlineData("\"videoresolution\": \"Image\", \"refinerupscale\": 0.5", 672, 384)]
    [InlineData("\"videoresolution\": \"Model Preferred\"", 960, 960)]
    [InlineData("\"sidelength\": 1024", 960, 960)]
    public void ASizeOfAClipFromAPicture_IsTheClips(string setting, int width, int height)
    {
        var recipe = Read($"\"videomodel\": \"wan2.2_i2v_high_noise_14B\", {setting}");

        Assert.Equal((width, height), (recipe.Settings.Width, recipe.Settings.Height));
    }

    /// <summary>The sections of a prompt that its stages have for themselves are marked in the clip by their numbers.</summary>
    [Theory]
    [InlineData("a boat <video//cid=2> sails  <videoswap//cid=3>", OfPicture, "sails")]
    [InlineData("a boat <video//cid=2>  <videoswap//cid=3> ", OfPicture, "a boat")]
    [InlineData("a boat <video//cid=2>sails<base//cid=5> at dawn", "\"steps\": 4", "a boat at dawn")]
    [InlineData("a boat <base//cid=5>  <refiner//cid=1> ", OfExperts, "a boat")]
    [InlineData("a boat <video> sails", "\"videomodel\": \"wan2.2_ti2v_5B\"", "sails")]
    [InlineData("a boat", OfExperts, "a boat")]
    public void APrompt_IsThatOfItsStage(string prompt, string settings, string expected)
    {
        var recipe = Read(settings, prompt);

        Assert.Equal(expected, recipe.Prompt);
        Assert.DoesNotContain(recipe.Unexpressed, one => one.Contains("prompt", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a boat <base//cid=5> near <refiner//cid=1> far", OfExperts, "a boat near", "each of the experts has its own prompt")]
    [InlineData("a boat <segment:sail,0.5//cid=11> red", "\"steps\": 4", "a boat", "<segment:sail,0.5> of the prompt, which change parts")]
    public void ATextThatIsNotOfTheWholeClip_IsNamed(string prompt, string settings, string expected, string unsaid)
    {
        var recipe = Read(settings, prompt);

        Assert.Equal(expected, recipe.Prompt);
        Assert.Contains(recipe.Unexpressed, one => one.StartsWith(unsaid, StringComparison.Ordinal));
    }

    /// <summary>The way that its documents give for two experts from text: the second is a refiner that swaps in.</summary>
    [Fact]
    public void ExpertsOfAClipFromText_ShareTheSteps()
    {
        var recipe = Read(OfExperts + ", \"refinercfgscale\": 1");

        Assert.Equal(("wan", "low", null), (recipe.HighNoiseModel, recipe.LowNoiseModel, recipe.Model));
        Assert.Equal(
            "--size 1344x768 --frames 81 --fps 24 --steps 4 --sampler euler --shift 8 --boundary 0.9244 --guidance 1 --guidance-high 3.5 "
                + "--seed 1",
            Settings(recipe)
        );
        Assert.StartsWith("StepSwap takes all noise away after 2 steps", Assert.Single(recipe.Unexpressed), StringComparison.Ordinal);
    }

    /// <summary>Noise that is left over is what our experts hand on, too; a refiner after the clip is another clip.</summary>
    [Theory]
    [InlineData("StepSwapNoisy", "low", true, null)]
    [InlineData("PostApply", "low", false, "refinermethod \"PostApply\"")]
    [InlineData("StepSwap", "wan", false, "refinermethod \"StepSwap\"")]
    public void ARefiner_IsAnExpertOnlyWhereItTakesSteps(string method, string model, bool isExpert, string? unsaid)
    {
        var recipe = Read(
            $"\"refinermodel\": \"{model}\", \"refinermethod\": \"{method}\", \"refinercontrolpercentage\": 0.5, \"steps\": 4"
        );

        Assert.Equal(isExpert, recipe.Settings.Boundary is not null);
        Assert.Equal(unsaid is not null, recipe.Unexpressed.Count > 0);
        Assert.True(unsaid is null || recipe.Unexpressed.Contains(unsaid));
    }

    [Theory]
    [InlineData(OfExperts, null, "a.safetensors;b.safetensors:0.5;c.safetensors", null, null)]
    [InlineData(OfExperts, "5,1,-1", "c.safetensors", "a.safetensors", "b.safetensors:0.5")]
    [InlineData(OfExperts, "5,2,3", null, "a.safetensors", null)]
    [InlineData(OfPicture, "2,3,0", "c.safetensors", "a.safetensors", "b.safetensors:0.5")]
    [InlineData(OfPicture, "5,1,11", null, null, null)]
    [InlineData("\"steps\": 4", "5,1,2", "a.safetensors", null, null)]
    public void ALora_ActsInTheStageItIsConfinedTo(string settings, string? places, string? both, string? high, string? low)
    {
        var confinement = places is null
            ? ""
            : $", \"lorasectionconfinement\": [\"{places.Replace(",", "\",\"", StringComparison.Ordinal)}\"]";

        var recipe = Read($"{settings}, \"loras\": [\"a\", \"b\", \"c\"], \"loraweights\": [\"1\", \"0.5\", \"1\"]{confinement}");

        Assert.Equal(
            (both, high, low),
            (recipe.Settings.Loras?.ToString(), recipe.Settings.HighNoiseLoras?.ToString(), recipe.Settings.LowNoiseLoras?.ToString())
        );
        Assert.DoesNotContain(recipe.Unexpressed, one => one.Contains("lora", StringComparison.OrdinalIgnoreCase));
    }

    private static Recipe Read(string settings, string prompt = "a") =>
        RecipeReader.Read(
            [
                (
                    "",
                    $$"""
                    {"sui_image_params": {"prompt": "{{prompt}}", "model": "wan", "seed": 1, "width": 1344, "height": 768, {{settings}} } }
                    """
                ),
            ],
            "clip.mp4"
        )!;

    private static string Settings(Recipe recipe) =>
        string.Join(' ', SettingFields.CommandLine(recipe.Settings).Select(setting => $"{setting.Option} {setting.Value}"));
}
