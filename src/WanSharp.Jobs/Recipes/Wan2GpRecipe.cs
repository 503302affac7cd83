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
        "image_prompt_type",
        "sliding_window_size",
        "multi_prompts_gen_type",
        "transformer_loras_filenames",
        "transformer_loras_multipliers",
    };

    // What says nothing of the picture.
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
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
        "skip_steps_multiplier",
        "skip_steps_start_step_perc",
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
        "sliding_window_overlap", // these, and what follows, where the clip is longer than a window
        "sliding_window_color_correction_strength",
        "sliding_window_overlap_noise",
        "sliding_window_discard_last_frames",
        "sliding_window_trim_first_frames",
        "sub_parallel_window_overlap",
    };

    // Values that change nothing. Source: deepbeepmeep/Wan2GP:models/_settings.json.
    private static readonly Dictionary<string, double> Neutral = new(StringComparer.Ordinal)
    {
        ["batch_size"] = 1,
        ["repeat_generation"] = 1,
        ["denoising_strength"] = 1,
        ["masking_strength"] = 1,
        ["input_video_strength"] = 1,
        ["motion_amplitude"] = 1,
        ["attention_sparsity"] = 1,
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
        ReadMeasures(settings, draft);
        var phases = Wan2GpPhases.Of(settings);
        ReadSteps(settings, phases, draft);
        ReadGuidance(settings, phases, draft);
        Wan2GpGuidance.Read(settings, draft);
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
        ReadImages(settings, draft);
        foreach (var (name, value) in settings.Where(one => !IsHarmless(one.Key, one.Value)))
        {
            draft.Miss($"{name} {RecipeValues.Short(value)}");
        }

        var prompt = Wan2GpPrompt.Read(settings, draft);
        var (model, high) = ModelOf(settings, phases, draft);
        return draft.Finish("Wan2GP", prompt) with
        {
            Model = model,
            HighNoiseModel = high,
            Image = First(settings["image_start"]),
            LastImage = First(settings["image_end"]),
        };
    }

    private static void ReadMeasures(JsonObject settings, RecipeDraft draft)
    {
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
    }

    private static bool IsHarmless(string name, JsonNode? value) =>
        Taken.Contains(name)
        || Wan2GpGuidance.Names.Contains(name)
        || Harmless.Contains(name)
        || (
            Neutral.TryGetValue(name, out var neutral)
                ? value is null || RecipeValues.Number(value) == neutral
                : Parts.Contains(name) || RecipeValues.IsEmpty(value)
        );

    /// <summary>Its clips say that there were pictures, but not which: only its settings files name them.</summary>
    private static void ReadImages(JsonObject settings, RecipeDraft draft)
    {
        var type = settings["image_prompt_type"].Text() ?? "";
        if (type.Contains('S', StringComparison.Ordinal) && First(settings["image_start"]) is null)
        {
            draft.Miss("the first frame is a picture that the clip does not name: give it with --image");
        }

        if (type.Contains('E', StringComparison.Ordinal) && First(settings["image_end"]) is null)
        {
            draft.Miss("the last frame is a picture that the clip does not name: give it with --last-image");
        }

        if (type.AsSpan().ContainsAny('V', 'L'))
        {
            draft.Miss("it goes on with another clip, which it does not name: give that to wan extend");
        }
    }

    /// <summary>The steps: as many, shifted, or a list where Wan2GP spaces them in a way of its own.</summary>
    private static void ReadSteps(JsonObject settings, Wan2GpPhases? phases, RecipeDraft draft)
    {
        var solver = settings["sample_solver"].Text() ?? "";
        var isKnown = phases is not null && (phases.IsOwn ? phases.Steps.IsDecreasing : phases.Steps.Shift is not null);
        if (isKnown && phases is { IsOwn: true })
        {
            draft.SetSampler("euler", schedule: null); // which is what each of them does between its levels
            if (phases.Rest > 0)
            {
                draft.Miss(Invariant($"Wan2GP's {solver} leaves the noise of level {phases.Rest:0.####} in the clip"));
            }
        }
        else
        {
            draft.SetSampler(solver.Length > 0 ? solver : null, schedule: null);
        }

        if (isKnown)
        {
            draft.SetSteps(phases!.Steps);
            return;
        }

        draft.SetSteps(RecipeValues.Number(settings["num_inference_steps"]));
        draft.Settings = draft.Settings with { Shift = RecipeValues.Number(settings["flow_shift"]) };
        if (solver is "euler" or "lcm" or "causvid")
        {
            draft.Miss($"Wan2GP's {solver} spaces the steps in a way of its own");
        }

        if (phases is { HasExperts: true })
        {
            draft.Miss("at which step the experts change, which hangs on flow_shift");
        }
    }

    /// <summary>The scale of each phase.</summary>
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
        var turn = phases.Steps.Turn ?? each.Length;
        var (high, low) = (each[..turn], each[turn..]);
        var isPlain = scales[0] is null || each.Distinct().Count() == 1;
        var isOfExperts = phases.HasExperts && high.Distinct().Count() == 1 && low.Distinct().Count() == 1;
        draft.Settings =
            isPlain ? draft.Settings with { GuidanceScale = (float?)(scales[0] is null ? null : (double?)each[0]) }
            : isOfExperts ? draft.Settings with { GuidanceScale = (float)low[0], HighNoiseGuidanceScale = (float)high[0] }
            : draft.Settings with { GuidanceSteps = new NumberList(each) };
    }

    /// <summary>
    /// The LoRAs of the model's definition, and those that were chosen. Multipliers are in their order: one number, or one for each phase,
    /// <c>1;0</c>; commas change over the steps.
    /// </summary>
    private static void ReadLoras(JsonObject settings, Wan2GpPhases? phases, RecipeDraft draft)
    {
        string[] own = [.. settings["transformer_loras_multipliers"].Items().Select(one => one?.ToString() ?? "1")];
        Add(settings["transformer_loras_filenames"], own);
        var lines = (settings["loras_multipliers"].Text() ?? "").Split('\n').Where(line => !line.TrimStart().StartsWith('#'));
        Add(
            settings["activated_loras"],
            string.Join(' ', lines).Replace('|', ' ').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        );

        void Add(JsonNode? files, string[] multipliers)
        {
            foreach (var (lora, index) in files.Items().Select(one => one.Text()).OfType<string>().Select((lora, index) => (lora, index)))
            {
                AddLora(lora.Split('/', '\\')[^1], multipliers.ElementAtOrDefault(index) ?? "1", phases, draft);
            }
        }
    }

    private static void AddLora(string file, string multiplier, Wan2GpPhases? phases, RecipeDraft draft)
    {
        if (phases?.Strengths(multiplier) is not { Length: > 0 } strengths)
        {
            draft.Miss($"the LoRA {file} acts as {multiplier} over the phases");
        }
        else if (phases.Steps.Turn is not { } turn || strengths.Distinct().Count() == 1)
        {
            draft.AddLora(file, StepList.Strength(strengths), expert: null);
        }
        else
        {
            draft.AddLora(file, StepList.Strength(strengths[..turn]), expert: true);
            var low = strengths[turn..];
            draft.AddLora(file, StepList.Strength([.. Enumerable.Repeat(low.FirstOrDefault(), turn), .. low]), expert: false);
        }
    }

    /// <summary>
    /// The model: by our alias, or by its file. A clip names one file alone, which is the high-noise expert's where there are two.
    /// </summary>
    private static (string? Model, string? HighNoiseModel) ModelOf(JsonObject settings, Wan2GpPhases? phases, RecipeDraft draft)
    {
        var type = settings["model_type"].Text();
        if (Models.GetValueOrDefault(type ?? "") is { } alias)
        {
            return (alias, null);
        }

        var file = settings["model_filename"].Text() is { Length: > 0 } path ? path.Split('/', '\\')[^1] : null;
        if (file is null || phases is not { HasExperts: true })
        {
            return (file ?? type, null);
        }

        draft.Miss("the file of the low-noise expert, which its settings do not name");
        return (null, file);
    }

    private static string? First(JsonNode? value) => value.Text() ?? value.Items().FirstOrDefault().Text();

    private static double? Parse(string text) =>
        double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : null;
}
