using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Engine.Sampling;
using WanSharp.Jobs.Comfy;
using static System.FormattableString;

namespace WanSharp.Jobs.Recipes;

/// <summary>Reads Wan2GP's settings. Source: deepbeepmeep/Wan2GP:docs/SETTINGS.md, models/_settings.json.</summary>
internal static class Wan2GpRecipe
{
    private static readonly string[] Scales = ["guidance_scale", "guidance2_scale", "guidance3_scale"]; // of the phases

    // What is read here.
    private static readonly HashSet<string> Taken = new(StringComparer.Ordinal)
    {
        "prompt",
        "negative_prompt",
        "resolution",
        "video_length",
        "seed",
        "num_inference_steps",
        "guidance_scale",
        "guidance2_scale",
        "guidance3_scale",
        "guidance_phases",
        "model_switch_phase",
        "switch_threshold",
        "switch_threshold2",
        "flow_shift",
        "sample_solver",
        "activated_loras",
        "loras_multipliers",
        "model_type",
        "base_model_type",
        "model_filename",
        "force_fps",
        "image_start",
        "image_end",
        "sliding_window_size",
    };

    // What says nothing of the picture.
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "image_prompt_type", // says which of the images count, which are named themselves
        "type",
        "settings_version",
        "creation_date",
        "creation_timestamp",
        "generation_time",
        "output_filename",
        "client_id",
        "config",
        "mode",
        "override_profile",
        "override_attention",
        "image_quality",
        "video_quality",
        "extra_info",
        "comments",
        "prompt_enhancer", // what it wrote is the prompt
        "embedded_guidance_scale", // of other families of models: these, too
        "alt_guidance_scale",
        "alt_scale",
        "audio_guidance_scale",
        "audio_scale",
        "temperature",
        "top_p",
        "top_k",
        "duration_seconds",
        "pause_seconds",
        "speakers_locations",
    };

    // What acts only with another setting, which is named itself where it is on.
    private static readonly HashSet<string> Parts = new(StringComparer.Ordinal)
    {
        "NAG_tau",
        "NAG_alpha",
        "skip_steps_multiplier",
        "skip_steps_start_step_perc",
        "slg_layers",
        "slg_start_perc",
        "slg_end_perc",
        "perturbation_layers",
        "perturbation_start_perc",
        "perturbation_end_perc",
        "cfg_zero_step",
        "film_grain_saturation",
        "self_refiner_plan",
        "self_refiner_f_uncertainty",
        "self_refiner_certain_percentage",
        "control_net_weight",
        "control_net_weight2",
        "control_net_weight_alt",
        "image_refs_relative_size",
        "remove_background_images_ref",
        "min_frames_if_references",
        "multi_prompts_gen_type",
    };

    // Values that change nothing. Source: deepbeepmeep/Wan2GP:models/_settings.json.
    private static readonly Dictionary<string, double> Neutral = new(StringComparer.Ordinal)
    {
        ["batch_size"] = 1,
        ["repeat_generation"] = 1,
        ["denoising_strength"] = 1,
        ["masking_strength"] = 1,
        ["input_video_strength"] = 1,
        ["NAG_scale"] = 1,
        ["motion_amplitude"] = 1,
        ["attention_sparsity"] = 1,
    };

    // What there is an option for, under another name and in another form.
    private static readonly Dictionary<string, string> Options = new(StringComparer.Ordinal)
    {
        ["NAG_scale"] = "--nag",
        ["slg_switch"] = "--slg",
        ["perturbation_switch"] = "--slg",
        ["apg_switch"] = "--apg",
        ["cfg_star_switch"] = "--cfg-zero",
        ["RIFLEx_setting"] = "--riflex",
    };

    // Wan2GP's types of models, by our aliases.
    private static readonly Dictionary<string, string> Models = new(StringComparer.Ordinal)
    {
        ["t2v"] = "t2v-14b",
        ["t2v_1.3B"] = "t2v-1.3b",
        ["i2v"] = "i2v-14b-480p",
        ["i2v_720p"] = "i2v-14b-720p",
        ["t2v_2_2"] = "t2v-a14b",
        ["i2v_2_2"] = "i2v-a14b",
        ["ti2v_2_2"] = "ti2v-5b",
    };

    /// <summary>Whether a document is one.</summary>
    public static bool IsOne(JsonObject json) =>
        json["prompt"].Text() is not null
        && (json["model_type"].Text() is not null || json["type"].Text()?.StartsWith("WanGP", StringComparison.Ordinal) == true);

    public static Recipe Read(JsonObject settings)
    {
        var draft = new RecipeDraft();
        var size = settings["resolution"].Text()?.Split('x') is [var width, var height] ? (Parse(width), Parse(height)) : default;
        draft.SetSize(size.Item1, size.Item2);
        draft.SetFrames(RecipeValues.Number(settings["video_length"]));
        if (RecipeValues.Number(settings["force_fps"]) is { } fps)
        {
            draft.SetFps(fps);
        }
        else if (!RecipeValues.IsEmpty(settings["force_fps"]))
        {
            draft.Miss($"frames a second are those of something else: force_fps {RecipeValues.Short(settings["force_fps"])}");
        }

        if (
            RecipeValues.Number(settings["sliding_window_size"]) is > 0 and var window
            && RecipeValues.Number(settings["video_length"]) > window
        )
        {
            draft.Miss(Invariant($"the clip was made in windows of {window} frames, one after the other"));
        }

        var phases = Wan2GpPhases.Of(settings);
        ReadSteps(settings, phases, draft);
        ReadGuidance(settings, phases, draft);
        var seed = settings["seed"]?.ToString();
        draft.Settings = draft.Settings with
        {
            NegativePrompt = settings["negative_prompt"].Text() is { Length: > 0 } negative ? negative : null,
            Seed = ulong.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
        };
        if (draft.Settings.Seed is null)
        {
            draft.Miss("the seed was random, and was not recorded");
        }

        ReadLoras(settings, phases, draft);
        foreach (var (name, value) in settings.Where(one => !IsHarmless(settings, one.Key, one.Value)))
        {
            var option = Options.GetValueOrDefault(name) is { } ours ? $" ({ours} does something like it)" : "";
            draft.Miss($"{name} {RecipeValues.Short(value)}{option}");
        }

        return draft.Finish("Wan2GP", settings["prompt"].Text()!) with
        {
            Model =
                Models.GetValueOrDefault(settings["model_type"].Text() ?? "")
                ?? (settings["model_filename"].Text() is { Length: > 0 } file ? file.Split('/')[^1] : settings["model_type"].Text()),
            Image = First(settings["image_start"]),
            LastImage = First(settings["image_end"]),
        };
    }

    private static bool IsHarmless(JsonObject settings, string name, JsonNode? value) =>
        Taken.Contains(name)
        || Harmless.Contains(name)
        || (
            Neutral.TryGetValue(name, out var neutral)
                ? value is null || RecipeValues.Number(value) == neutral
                : Parts.Contains(name) || RecipeValues.IsEmpty(value)
        );

    /// <summary>The steps: as many, shifted, or a list where Wan2GP spaces them in a way of its own.</summary>
    private static void ReadSteps(JsonObject settings, Wan2GpPhases? phases, RecipeDraft draft)
    {
        var solver = settings["sample_solver"].Text() ?? "";
        if (phases is { OwnTimesteps: true } && (solver == "causvid" || settings.ContainsKey("flow_shift")))
        {
            double[] list = [.. phases.Timesteps.Select(timestep => Math.Round(timestep, 2))];
            if (list is [> 0 and <= 1000, ..] && list.Zip(list.Skip(1)).All(pair => pair.First > pair.Second && pair.Second > 0))
            {
                draft.SetSampler("euler", schedule: null);
                draft.Settings = draft.Settings with { Timesteps = new NumberList(list) };
                return;
            }
        }

        draft.SetSteps(RecipeValues.Number(settings["num_inference_steps"]));
        draft.SetSampler(solver.Length > 0 ? solver : null, schedule: null);
        draft.Settings = draft.Settings with { Shift = RecipeValues.Number(settings["flow_shift"]) };
        if (solver is "euler" or "lcm" or "causvid")
        {
            draft.Miss($"Wan2GP's {solver} spaces the steps in a way of its own");
        }
    }

    /// <summary>The scale of each phase, and where the experts change.</summary>
    private static void ReadGuidance(JsonObject settings, Wan2GpPhases? phases, RecipeDraft draft)
    {
        var scales = Scales.Select(name => RecipeValues.Number(settings[name])).ToArray();
        if (phases is null || phases.PhaseOf.Length == 0)
        {
            draft.Settings = draft.Settings with { GuidanceScale = (float?)scales[0] };
            draft.Miss("the steps, and with them the phases of guidance");
            return;
        }

        double[] each = [.. phases.PhaseOf.Select(phase => scales[phase] ?? scales[0] ?? 1)];
        var (high, low) = (each[..phases.HighSteps], each[phases.HighSteps..]);
        if (phases.HasExperts)
        {
            draft.Settings = draft.Settings with { Boundary = phases.Boundary };
            if (phases.Boundary is null)
            {
                draft.Miss("only one of the experts made the clip");
            }
        }

        var isPlain = scales[0] is null || each.Distinct().Count() == 1;
        var isOfExperts = phases.HasExperts && high.Distinct().Count() == 1 && low.Distinct().Count() == 1;
        draft.Settings =
            isPlain ? draft.Settings with { GuidanceScale = (float?)(scales[0] is null ? null : (double?)each[0]) }
            : isOfExperts ? draft.Settings with { GuidanceScale = (float)low[0], HighNoiseGuidanceScale = (float)high[0] }
            : draft.Settings with { GuidanceSteps = new NumberList(each) };
    }

    /// <summary>
    /// Multipliers are in the order of the LoRAs: one number, or one for each phase, <c>1;0</c>; commas change over the steps.
    /// </summary>
    private static void ReadLoras(JsonObject settings, Wan2GpPhases? phases, RecipeDraft draft)
    {
        var lines = (settings["loras_multipliers"].Text() ?? "").Split('\n').Where(line => !line.TrimStart().StartsWith('#'));
        var multipliers = string.Join(' ', lines).Replace('|', ' ').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        foreach (
            var (lora, index) in settings["activated_loras"]
                .Items()
                .Select(one => one.Text())
                .OfType<string>()
                .Select((lora, index) => (lora, index))
        )
        {
            var file = lora.Split('/', '\\')[^1];
            var multiplier = multipliers.ElementAtOrDefault(index) ?? "1";
            if (phases?.Strengths(multiplier) is not { Length: > 0 } strengths)
            {
                draft.Miss($"the LoRA {file} acts as {multiplier} over the phases");
            }
            else if (!phases.HasExperts || strengths.Distinct().Count() == 1)
            {
                draft.AddLora(file, Text(strengths), expert: null);
            }
            else
            {
                var turn = phases.HighSteps;
                draft.AddLora(file, Text(strengths[..turn]), expert: true);
                draft.AddLora(
                    file,
                    Text([.. strengths[turn..].Take(1).SelectMany(first => Enumerable.Repeat(first, turn)), .. strengths[turn..]]),
                    expert: false
                );
            }
        }
    }

    /// <summary>A strength for each step; one where they are all alike, and 0 where there are none.</summary>
    private static string Text(double[] strengths) =>
        strengths.Length == 0 ? "0"
        : strengths.Distinct().Count() == 1 ? strengths[0].ToString(CultureInfo.InvariantCulture)
        : string.Join(',', strengths.Select(strength => strength.ToString(CultureInfo.InvariantCulture)));

    private static string? First(JsonNode? value) => value.Text() ?? value.Items().FirstOrDefault().Text();

    private static double? Parse(string text) =>
        double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : null;
}
