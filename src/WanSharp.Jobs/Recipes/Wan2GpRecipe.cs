using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;
using static System.FormattableString;

namespace WanSharp.Jobs.Recipes;

/// <summary>Reads Wan2GP's settings. Source: deepbeepmeep/Wan2GP:docs/SETTINGS.md, models/_settings.json.</summary>
internal static class Wan2GpRecipe
{
    // What changes no clip, or is read here.
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
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
        "image_prompt_type",
        "type",
        "settings_version",
        "creation_date",
        "creation_timestamp",
        "generation_time",
        "batch_size",
        "repeat_generation",
        "multi_prompts_gen_type",
        "multi_images_gen_type",
        "output_filename",
        "mode",
        "client_id",
        "skip_steps_multiplier",
        "skip_steps_start_step_perc",
        "prompt_enhancer",
        "embedded_guidance_scale",
        "denoising_strength",
        "masking_strength",
        "audio_guidance_scale",
        "audio_scale",
        "alt_guidance_scale",
        "alt_scale",
        "control_net_weight",
        "control_net_weight2",
        "control_net_weight_alt",
        "sliding_window_size",
        "sliding_window_overlap",
        "sliding_window_color_correction_strength",
        "sliding_window_overlap_noise",
        "sliding_window_discard_last_frames",
        "slg_start_perc",
        "slg_end_perc",
        "perturbation_start_perc",
        "perturbation_end_perc",
        "perturbation_layers",
        "slg_layers",
        "NAG_tau",
        "NAG_alpha",
        "cfg_zero_step",
        "film_grain_saturation",
        "model_mode",
        "input_video_strength",
        "image_refs_relative_size",
        "remove_background_images_ref",
        "min_frames_if_references",
        "temperature",
        "top_p",
        "top_k",
        "duration_seconds",
        "pause_seconds",
        "image_quality",
        "video_quality",
        "self_refiner_plan",
        "self_refiner_f_uncertainty",
        "self_refiner_certain_percentage",
        "extra_info",
        "comments",
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
        draft.SetFps(RecipeValues.Number(settings["force_fps"]));
        draft.SetSteps(RecipeValues.Number(settings["num_inference_steps"]));
        draft.SetSampler(settings["sample_solver"].Text() is { Length: > 0 } solver ? solver : null, schedule: null);
        ReadGuidance(settings, draft);
        var seed = settings["seed"]?.ToString();
        draft.Settings = draft.Settings with
        {
            NegativePrompt = settings["negative_prompt"].Text() is { Length: > 0 } negative ? negative : null,
            Shift = RecipeValues.Number(settings["flow_shift"]),
            Seed = ulong.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
        };
        if (draft.Settings.Seed is null)
        {
            draft.Miss("the seed was random, and was not recorded");
        }

        ReadLoras(settings, draft);
        foreach (var (name, value) in settings.Where(one => !Known.Contains(one.Key) && !RecipeValues.IsEmpty(one.Value)))
        {
            draft.Miss($"{name} {RecipeValues.Short(value)}");
        }

        return draft.Finish("Wan2GP", settings["prompt"].Text()!) with
        {
            Model = settings["model_filename"].Text() is { Length: > 0 } file ? file.Split('/')[^1] : settings["model_type"].Text(),
            Image = First(settings["image_start"]),
            LastImage = First(settings["image_end"]),
        };
    }

    /// <summary>The first phase is that of high noise, the second that of low noise.</summary>
    private static void ReadGuidance(JsonObject settings, RecipeDraft draft)
    {
        var (first, second) = (RecipeValues.Number(settings["guidance_scale"]), RecipeValues.Number(settings["guidance2_scale"]));
        var phases = RecipeValues.Number(settings["guidance_phases"]) ?? 1;
        draft.Settings = draft.Settings with
        {
            GuidanceScale = (float?)(phases >= 2 ? second ?? first : first),
            HighNoiseGuidanceScale = phases >= 2 && second is not null && first != second ? (float?)first : null,
        };
        if (phases >= 2 && RecipeValues.Number(settings["switch_threshold"]) is > 0 and var threshold)
        {
            draft.Miss(Invariant($"guidance, and the experts, change at timestep {threshold}"));
        }

        if (phases >= 3)
        {
            draft.Miss("guidance has three phases; a preset of three phases may be near (--preset)");
        }
    }

    /// <summary>
    /// Multipliers are in the order of the LoRAs: one number, or one for each phase, <c>1;0</c>; commas change over the steps.
    /// </summary>
    private static void ReadLoras(JsonObject settings, RecipeDraft draft)
    {
        var multipliers = (settings["loras_multipliers"].Text() ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        foreach (
            var (lora, index) in settings["activated_loras"]
                .Items()
                .Select(one => one.Text())
                .OfType<string>()
                .Select((lora, index) => (lora, index))
        )
        {
            var file = lora.Split('/', '\\')[^1];
            var phases = (multipliers.ElementAtOrDefault(index) ?? "1").Split(';');
            if (phases.Length > 2 || phases.Any(phase => Parse(phase) is null))
            {
                draft.Miss($"the LoRA {file} acts as {multipliers[index]} over the phases");
            }
            else if (phases.Length == 1)
            {
                draft.AddLora(file, phases[0], expert: null);
            }
            else
            {
                draft.AddLora(file, phases[0], expert: true);
                draft.AddLora(file, phases[1], expert: false);
            }
        }
    }

    private static string? First(JsonNode? value) => value.Text() ?? value.Items().FirstOrDefault().Text();

    private static double? Parse(string text) =>
        double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : null;
}
