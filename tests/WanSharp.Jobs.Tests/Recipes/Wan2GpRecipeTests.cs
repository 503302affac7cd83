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
        Assert.Equal([1000, 947, 882, 800, 693, 546, 335, 3], Timesteps(recipe));
        Assert.Equal("high.safetensors:1@1-", recipe.Settings.HighNoiseLoras?.ToString());
        Assert.Equal("low.safetensors", recipe.Settings.LowNoiseLoras?.ToString());
    }

    /// <summary>Its list ends at 1 before the shift, where ours would have another step to go.</summary>
    [Fact]
    public void ItsEuler_IsAListOfNoiseLevels()
    {
        var recipe = Wan2Gp(
            """
            "num_inference_steps": 4, "flow_shift": 3, "sample_solver": "euler", "guidance_scale": 1
            """
        );

        Assert.Equal([1000, 857, 601, 3], Timesteps(recipe));
        Assert.Null(recipe.Settings.Steps);
    }

    /// <summary>Its lcm adds no noise: it is Euler's method in at most eight steps, which ends just above 0.</summary>
    [Theory]
    [InlineData(20, new double[] { 1000, 972, 938, 893, 834, 751, 628, 422 })]
    [InlineData(2, new double[] { 1000, 834 })]
    public void ItsLcm_IsEulerInAFewSteps(int steps, double[] timesteps)
    {
        var recipe = Wan2Gp(
            $$"""
            "num_inference_steps": {{steps}}, "flow_shift": 5, "sample_solver": "lcm", "guidance_phases": 2, "switch_threshold": 900,
            "guidance_scale": 3, "guidance2_scale": 1
            """
        );

        Assert.Equal(("euler", 0.9), (recipe.Settings.Sampler, recipe.Settings.Boundary));
        Assert.Equal(timesteps, Timesteps(recipe));
        Assert.Equal("Wan2GP's lcm leaves the noise of level 0.0148 in the clip", Assert.Single(recipe.Unexpressed));
    }

    /// <summary>Without a second phase the high-noise expert takes all steps, and below the first timestep none.</summary>
    [Theory]
    [InlineData("\"guidance_phases\": 1, \"switch_threshold\": 875", 0.0, null)]
    [InlineData("\"guidance_phases\": 2, \"switch_threshold\": 1000", null, "only the low-noise expert made the clip")]
    public void OneExpertForAllSteps_IsSaidOrNamed(string setting, double? boundary, string? unsaid)
    {
        var recipe = Wan2Gp(
            $"{setting}, \"num_inference_steps\": 8, \"flow_shift\": 5, \"guidance_scale\": 1, \"sample_solver\": \"unipc\""
        );

        Assert.Equal(boundary, recipe.Settings.Boundary);
        Assert.Equal(unsaid, recipe.Unexpressed.SingleOrDefault());
    }

    /// <summary>Steps whose strengths read like a decimal fraction, 0,1, are steps all the same.</summary>
    [Fact]
    public void ALoraThatActsInTheSecondStepOnly_IsRead()
    {
        var recipe = Wan2Gp(
            """
            "num_inference_steps": 4, "guidance_scale": 3.5, "guidance2_scale": 1, "guidance3_scale": 1, "switch_threshold": 965,
            "switch_threshold2": 800, "guidance_phases": 3, "model_switch_phase": 2, "flow_shift": 3, "sample_solver": "euler",
            "activated_loras": ["high.safetensors"], "loras_multipliers": "0;1;0"
            """
        );

        Assert.Empty(recipe.Unexpressed);
        Assert.Equal(("high.safetensors:1@1-", null), (recipe.Settings.HighNoiseLoras?.ToString(), recipe.Settings.LowNoiseLoras));
    }

    /// <summary>What its enhancer wrote is the prompt; what was there before is a comment.</summary>
    [Theory]
    [InlineData("#!PROMPT!: a cat\nA fluffy cat walks.\nIt is late.", "PG", "A fluffy cat walks.\nIt is late.", null)]
    [InlineData("!enhanced!\nA fluffy cat", "FG", "A fluffy cat", null)]
    [InlineData("# why\na cat\n\na dog", "FG", "a cat\n\na dog", null)]
    [InlineData("a cat\nwalks\n\na dog", "PW", "a cat\nwalks", "each of its 2 windows has its own prompt")]
    [InlineData("a cat\na dog", "W", "a cat", "each of its 2 windows has its own prompt")]
    [InlineData("a cat\n  \na dog", "G", "a cat", "its 2 prompts make a clip each")]
    public void APrompt_IsWhatWasEncoded(string text, string mode, string expected, string? unsaid)
    {
        var quoted = System.Text.Json.JsonSerializer.Serialize(text);

        var recipe = Read(
            $$"""
            {"type": "WanGP", "prompt": {{quoted}}, "multi_prompts_gen_type": "{{mode}}", "model_type": "t2v", "seed": 1,
             "num_inference_steps": 8, "flow_shift": 5, "guidance_scale": 5}
            """
        );

        Assert.Equal(expected, recipe.Prompt);
        Assert.Equal(unsaid is null ? 0 : 1, recipe.Unexpressed.Count);
        Assert.All(recipe.Unexpressed, one => Assert.StartsWith(unsaid!, one, StringComparison.Ordinal));
    }

    /// <summary>Its settings say the same as ours, with other names.</summary>
    [Theory]
    [InlineData("\"NAG_scale\": 11, \"NAG_tau\": 2.5, \"NAG_alpha\": 0.25", "--nag 11,2.5,0.25")]
    [InlineData("\"apg_switch\": 1, \"cfg_star_switch\": 1, \"cfg_zero_step\": 0", "--apg 55,-0.75,0")]
    [InlineData("\"cfg_star_switch\": 1, \"cfg_zero_step\": 1", "--cfg-zero 2")]
    [InlineData("\"cfg_star_switch\": 1, \"cfg_zero_step\": -1", "--cfg-zero 0")]
    [InlineData(
        "\"perturbation_switch\": 1, \"perturbation_layers\": [9, 10], \"perturbation_start_perc\": 10, \"perturbation_end_perc\": 90",
        "--slg 9,10@0.1-0.9"
    )]
    [InlineData("\"slg_switch\": 1, \"slg_layers\": [9], \"slg_start_perc\": 20, \"slg_end_perc\": 50", "--slg 9@0.2-0.5")]
    [InlineData("\"RIFLEx_setting\": 0, \"video_length\": 113, \"sliding_window_size\": 129", "--riflex 6")]
    [InlineData("\"RIFLEx_setting\": 0, \"video_length\": 113, \"sliding_window_size\": 97", null)]
    [InlineData("\"RIFLEx_setting\": 0, \"video_length\": 97", null)]
    [InlineData("\"RIFLEx_setting\": 0, \"video_length\": 113, \"force_fps\": \"24\"", null)]
    [InlineData("\"RIFLEx_setting\": 1, \"video_length\": 81", "--riflex 6")]
    [InlineData("\"RIFLEx_setting\": 2, \"video_length\": 113", null)]
    public void WhatWeHave_IsSaid(string setting, string? expected)
    {
        var recipe = Wan2Gp($"{setting}, \"num_inference_steps\": 30, \"flow_shift\": 5, \"guidance_scale\": 5", "t2v");

        string[] options = ["--nag", "--apg", "--cfg-zero", "--slg", "--riflex"];
        Assert.Equal(
            expected,
            SettingFields
                .CommandLine(recipe.Settings)
                .Where(one => options.Contains(one.Option))
                .Select(one => $"{one.Option} {one.Value}")
                .SingleOrDefault()
        );
        Assert.All(recipe.Unexpressed, one => Assert.Contains("windows of 97 frames", one, StringComparison.Ordinal));
    }

    /// <summary>A model of its own may be another's with LoRAs, which its clips name.</summary>
    [Fact]
    public void TheLorasOfAModel_AreRead()
    {
        var recipe = Wan2Gp(
            """
            "num_inference_steps": 3, "flow_shift": 3, "sample_solver": "unipc", "guidance_scale": 1, "base_model_type": "ti2v_2_2",
            "model_filename": "https://hub.example/wan2.2_ti2v_5B.safetensors",
            "transformer_loras_filenames": ["https://hub.example/fast.safetensors", "b.safetensors"],
            "transformer_loras_multipliers": [1.0, "0.5"], "activated_loras": ["own.safetensors"], "loras_multipliers": ""
            """,
            "ti2v_2_2_fastwan"
        );

        Assert.Empty(recipe.Unexpressed);
        Assert.Equal("fast.safetensors;b.safetensors:0.5;own.safetensors", recipe.Settings.Loras?.ToString());
    }

    /// <summary>Of a model of two experts that is none of ours its clips name one file.</summary>
    [Fact]
    public void AModelOfTwoExperts_LacksTheSecondFile()
    {
        var recipe = Wan2Gp(
            """
            "num_inference_steps": 4, "flow_shift": 5, "sample_solver": "euler", "guidance_scale": 1, "guidance2_scale": 1,
            "guidance_phases": 2, "switch_threshold": 900, "base_model_type": "i2v_2_2", "image_prompt_type": "S",
            "model_filename": "https://hub.example/wan22EnhancedLightning_v2I2VFP8HIGH.safetensors"
            """,
            "i2v_2_2_Enhanced_Lightning_v2"
        );

        Assert.Equal(
            ("wan22EnhancedLightning_v2I2VFP8HIGH.safetensors", null, null),
            (recipe.HighNoiseModel, recipe.LowNoiseModel, recipe.Model)
        );
        Assert.Equal(
            [
                "the first frame is a picture that the clip does not name: give it with --image",
                "the file of the low-noise expert, which its settings do not name",
            ],
            recipe.Unexpressed
        );
    }

    [Theory]
    [InlineData("\"repeat_generation\": 3", "repeat_generation 3")]
    [InlineData("\"batch_size\": 2", "batch_size 2")]
    [InlineData("\"denoising_strength\": 0.6", "denoising_strength 0.6")]
    [InlineData("\"denoising_strength\": 0", "denoising_strength 0")]
    [InlineData("\"force_fps\": \"control\"", "force_fps \"control\"")]
    [InlineData("\"video_length\": 241, \"sliding_window_size\": 81", "windows of 81 frames")]
    [InlineData("\"NAG_scale\": 11, \"NAG_tau\": 0", "NAG_scale 11: --nag does not take such numbers")]
    [InlineData("\"perturbation_switch\": 2, \"perturbation_layers\": [9]", "perturbation_switch 2 with the layers [9]")]
    [InlineData("\"image_prompt_type\": \"SE\", \"image_start\": \"a.png\"", "the last frame is a picture")]
    [InlineData("\"image_prompt_type\": \"V\"", "it goes on with another clip")]
    [InlineData("\"sub_parallel_window_size\": 49", "sub_parallel_window_size 49")]
    [InlineData("\"something_new\": 1", "something_new 1")]
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

    private static double[] Timesteps(Recipe recipe) => [.. recipe.Settings.Sigmas!.Values.Select(level => Math.Round(1000 * level))];

    private static string Settings(Recipe recipe) =>
        string.Join(' ', SettingFields.CommandLine(recipe.Settings).Select(setting => $"{setting.Option} {setting.Value}"));
}
