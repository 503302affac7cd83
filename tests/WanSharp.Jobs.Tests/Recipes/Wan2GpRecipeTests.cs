using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Jobs.Recipes;

namespace WanSharp.Jobs.Tests.Recipes;

/// <summary>What Wan2GP puts into its clips.</summary>
public class Wan2GpRecipeTests
{
    [Fact]
    public void Settings_AreRead_EachPhaseForItsExpert()
    {
        var recipe = File("wan2gp.json");

        Assert.Equal(("Wan2GP", "a storm over the sea", "t2v-a14b"), (recipe.Tool, recipe.Prompt, recipe.Model));
        Assert.Equal(
            "--negative blurry --size 832x480 --frames 81 --steps 8 --sampler unipc --shift 5 --boundary 0.875 --guidance 1 "
                + "--guidance-high 3.5 --seed 42 --lora style.safetensors:0.8 --lora-high high.safetensors --lora-low low.safetensors",
            Settings(recipe)
        );
        Assert.Equal("skip_steps_cache_type \"mag\"", Assert.Single(recipe.Unexpressed));
    }

    /// <summary>Profile "Lightning t2v v1.0 3 Phases - 8 Steps": the experts change after the second phase.</summary>
    [Fact]
    public void InThreePhases_IsReadStepByStep()
    {
        var recipe = Wan2Gp(
            """
            "num_inference_steps": 8, "guidance_scale": 3.5, "guidance2_scale": 1, "guidance3_scale": 1, "switch_threshold": 965,
            "switch_threshold2": 800, "guidance_phases": 3, "model_switch_phase": 2, "flow_shift": 3, "sample_solver": "euler",
            "activated_loras": ["high.safetensors", "low.safetensors"], "loras_multipliers": "0;1;0 0;0;1"
            """
        );

        Assert.Empty(recipe.Unexpressed);
        Assert.Equal(new NumberList([3.5, 1, 1, 1, 1, 1, 1, 1]), recipe.Settings.GuidanceSteps);
        Assert.Equal((0.8, null, null), (recipe.Settings.Boundary, recipe.Settings.Shift, recipe.Settings.Steps));
        Assert.Equal([1000, 947, 882, 800, 693, 546, 335, 3], recipe.Settings.Timesteps!.Values.Select(timestep => Math.Round(timestep)));
        Assert.Equal("high.safetensors:1@1-", recipe.Settings.HighNoiseLoras?.ToString());
        Assert.Equal("low.safetensors", recipe.Settings.LowNoiseLoras?.ToString());
    }

    /// <summary>Its list ends at 1 before the shift, where ours would have another step to go.</summary>
    [Fact]
    public void ItsEuler_IsAListOfTimesteps()
    {
        var recipe = Wan2Gp(
            """
            "num_inference_steps": 4, "flow_shift": 3, "sample_solver": "euler", "guidance_scale": 1
            """
        );

        Assert.Equal([1000, 857, 601, 3], recipe.Settings.Timesteps!.Values.Select(timestep => Math.Round(timestep)));
    }

    [Theory]
    [InlineData("\"repeat_generation\": 3", "repeat_generation 3")]
    [InlineData("\"batch_size\": 2", "batch_size 2")]
    [InlineData("\"denoising_strength\": 0.6", "denoising_strength 0.6")]
    [InlineData("\"denoising_strength\": 0", "denoising_strength 0")]
    [InlineData("\"force_fps\": \"control\"", "force_fps \"control\"")]
    [InlineData("\"video_length\": 241, \"sliding_window_size\": 81", "windows of 81 frames")]
    [InlineData("\"NAG_scale\": 11, \"NAG_tau\": 3.5", "NAG_scale 11 (--nag does something like it)")]
    [InlineData("\"something_new\": 1", "something_new 1")]
    [InlineData("\"sample_solver\": \"lcm\"", "lcm spaces the steps")]
    [InlineData("\"repeat_generation\": 1, \"NAG_scale\": 1, \"NAG_tau\": 3.5, \"sliding_window_size\": 129", null)]
    public void WhatCannotBeSaid_IsNamed(string setting, string? expected)
    {
        var recipe = Wan2Gp($"{setting}, \"num_inference_steps\": 30, \"flow_shift\": 5, \"guidance_scale\": 5", "t2v");

        Assert.True(
            expected is null
                ? recipe.Unexpressed.Count == 0
                : recipe.Unexpressed.Any(one => one.Contains(expected, StringComparison.Ordinal)),
            string.Join("\n", recipe.Unexpressed)
        );
    }

    private static Recipe Read(string text) => RecipeReader.Read([("", text)], "workflow.json")!;

    private static Recipe Wan2Gp(string settings, string model = "t2v_2_2") =>
        Read($$"""{"type": "WanGP", "prompt": "a storm", "model_type": "{{model}}", "seed": 1, {{settings}} }""");

    private static Recipe File(string name) => RecipeReader.Read([("", Text(name))], name)!;

    private static string Text(string name) => System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "recipes", name));

    private static string Settings(Recipe recipe) =>
        string.Join(' ', SettingFields.CommandLine(recipe.Settings).Select(setting => $"{setting.Option} {setting.Value}"));
}
