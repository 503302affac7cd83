using System.Text.Json.Nodes;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Sampling;
using WanSharp.Jobs.Comfy;

namespace WanSharp.Jobs.Recipes;

/// <summary>
/// What Wan2GP changes in how a clip follows its prompt, as far as it is what WanSharp has, too. Source:
/// deepbeepmeep/Wan2GP:models/wan/any2video.py, models/wan/modules/model.py, wgp.py (enable_RIFLEx, renamed_settings).
/// </summary>
internal static class Wan2GpGuidance
{
    // Its numbers for APG, which no setting changes.
    private static readonly ProjectedGuidance Apg = new(55, -0.75);

    private const string RiflexFrequency = "6";
    private const int RiflexSeconds = 6;
    private const int ModelFps = 16;
    private const int SmallModelFps = 24; // of Wan 2.2 5B
    private const double Percent = 100;

    /// <summary>The names of the settings that are read here.</summary>
    public static IReadOnlySet<string> Names { get; } =
        new HashSet<string>(StringComparer.Ordinal)
        {
            "NAG_scale",
            "NAG_tau",
            "NAG_alpha",
            "apg_switch",
            "cfg_star_switch",
            "cfg_zero_step",
            "slg_switch",
            "slg_layers",
            "slg_start_perc",
            "slg_end_perc",
            "perturbation_switch",
            "perturbation_layers",
            "perturbation_start_perc",
            "perturbation_end_perc",
            "RIFLEx_setting",
        };

    public static void Read(JsonObject settings, RecipeDraft draft)
    {
        double? Number(string name) => RecipeValues.Number(settings[name]);
        if (Number("NAG_scale") is > 1 and var scale)
        {
            var nag = new AttentionGuidance(scale, Number("NAG_tau") ?? 3.5, Number("NAG_alpha") ?? 0.5);
            draft.Settings = draft.Settings with { Nag = nag.IsValid ? nag : null };
            MissUnless(nag.IsValid, $"NAG_scale {RecipeValues.Short(settings["NAG_scale"])}: --nag does not take such numbers");
        }

        if (!RecipeValues.IsEmpty(settings["apg_switch"]))
        {
            draft.Settings = draft.Settings with { Apg = Apg };
        }
        else if (!RecipeValues.IsEmpty(settings["cfg_star_switch"]))
        {
            // Its number is that of the last step without velocity, ours how many there are.
            var last = Number("cfg_zero_step") ?? -1;
            var isKnown = last == Math.Floor(last) && last is >= -1 and < Samplers.MaxSteps - 1;
            draft.Settings = draft.Settings with { CfgZero = isKnown ? (int)last + 1 : null };
            MissUnless(isKnown, $"cfg_zero_step {RecipeValues.Short(settings["cfg_zero_step"])}");
        }

        ReadSkippedBlocks(settings, settings.ContainsKey("perturbation_switch") ? "perturbation" : "slg", draft);
        draft.Settings = draft.Settings with { Riflex = HasRiflex(settings, Number("RIFLEx_setting")) ? RiflexFrequency : null };

        void MissUnless(bool isKnown, string what)
        {
            if (!isKnown)
            {
                draft.Miss(what);
            }
        }
    }

    private static void ReadSkippedBlocks(JsonObject settings, string name, RecipeDraft draft)
    {
        var kind = settings[$"{name}_switch"];
        if (RecipeValues.IsEmpty(kind))
        {
            return;
        }

        var blocks = settings[$"{name}_layers"].Items().Select(RecipeValues.Number).ToList();
        var steps = new StepInterval(
            (RecipeValues.Number(settings[$"{name}_start_perc"]) ?? double.NaN) / Percent,
            (RecipeValues.Number(settings[$"{name}_end_perc"]) ?? double.NaN) / Percent
        );
        if (RecipeValues.Number(kind) == 1 && steps.IsValid && blocks.Count > 0 && blocks.TrueForAll(one => one >= 0 && one % 1 == 0))
        {
            draft.Settings = draft.Settings with { Slg = new SkippedBlocks(blocks.Select(one => (int)one!.Value), steps) };
        }
        else
        {
            draft.Miss($"{name}_switch {RecipeValues.Short(kind)} with the layers {RecipeValues.Short(settings[$"{name}_layers"])}");
        }
    }

    /// <summary>0 leaves it to the length, 1 is on, 2 is off.</summary>
    private static bool HasRiflex(JsonObject settings, double? setting)
    {
        if (setting is not 0)
        {
            return setting is 1;
        }

        var type = settings["base_model_type"].Text() ?? settings["model_type"].Text() ?? "";
        var usual = type.StartsWith("ti2v", StringComparison.Ordinal) ? SmallModelFps : ModelFps;
        var fps = RecipeValues.Number(settings["force_fps"]) ?? usual;
        var frames = RecipeValues.Number(settings["video_length"]) ?? 0;
        var window = RecipeValues.Number(settings["sliding_window_size"]) is > 0 and var size ? Math.Min(size, frames) : frames;
        return window > (RiflexSeconds * fps) + 1;
    }
}
