using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Runtime;
using static System.FormattableString;

namespace WanSharp.Tools.Doctor;

/// <summary>Which approximations a clip was made with, that may be why it is not good. Pure.</summary>
internal static class ClipFindings
{
    private const string Topic = "quality";
    private const int FewSteps = 12;

    private static readonly string[] SamplersOfFewSteps = ["lcm", "rcm", "rcm-ode"];

    /// <summary>What is looked at, by the name of the setting; all levers of <c>wan optimize</c> are among them.</summary>
    internal static readonly (string Setting, Func<GenerationSettings, bool, Finding?> Look)[] Looks =
    [
        (
            "step-cache",
            (clip, _) =>
                clip.StepCache is { } cache
                    ? Advice($"steps were estimated ({cache})", "make it again with --step-cache off, and wan compare the two")
                    : null
        ),
        (
            "precision",
            (clip, _) =>
                clip.Execution?.Precision == Precision.EightBit.Name
                    ? Advice("the transformer multiplied 8-bit integers", "make it again with --precision fp32")
                    : null
        ),
        (
            "steps",
            (clip, isDistilled) =>
                clip.Steps < FewSteps && !isDistilled
                    ? Advice(Invariant($"it has {clip.Steps} steps, and nothing that was made for so few"), "wan presets")
                    : null
        ),
        (
            "sampler",
            (clip, isDistilled) =>
                SamplersOfFewSteps.Contains(clip.Sampler) && !isDistilled
                    ? Advice($"the sampler {clip.Sampler} is for distilled models, and nothing says that this is one", "wan presets")
                    : null
        ),
        ("sigmas", (clip, isDistilled) => OfList(clip.Sigmas, "sigmas", isDistilled)),
        ("timesteps", (clip, isDistilled) => OfList(clip.Timesteps, "timesteps", isDistilled)),
        (
            "preset",
            (clip, isDistilled) =>
                clip.Preset is { } preset && !isDistilled
                    ? Advice($"it was made with the settings of the preset {preset}", "make it again without --preset")
                    : null
        ),
        (
            "decoder",
            (clip, _) =>
                clip.Decoder is { } decoder
                    ? Advice($"it was decoded by {decoder.Name}, not by the model's own VAE", "make it again without --decoder")
                    : null
        ),
        (
            "guidance",
            (clip, isDistilled) =>
                clip is { GuidanceScale: 1, GuidanceSteps: null } && !isDistilled
                    ? Advice("it was made without guidance, by a model that is trained for it", "make it again without --guidance 1")
                    : null
        ),
        (
            "guidance-interval",
            (clip, _) =>
                clip.GuidanceInterval is { } interval
                    ? Advice($"it was guided in {interval} of the steps alone", "make it again without --guidance-interval")
                    : null
        ),
        (
            "guidance-steps",
            (clip, isDistilled) =>
                clip.GuidanceSteps is { } scales && !isDistilled
                    ? Advice($"each step had guidance of its own ({scales})", "make it again without --guidance-steps")
                    : null
        ),
        (
            "slg",
            (clip, _) =>
                clip.Slg is { } skipped ? Advice($"blocks were skipped in its guidance ({skipped})", "make it again without --slg") : null
        ),
        (
            "interpolate",
            (clip, _) =>
                clip.Interpolate is { } between
                    ? Advice($"frames between those of the model were made by {between.Name}", "make it again without --interpolate")
                    : null
        ),
        (
            "upscale",
            (clip, _) =>
                clip.Upscale is { } network
                    ? Advice($"its frames were enlarged by {network.Name}", "make it again without --upscale")
                    : null
        ),
        (
            "reuse",
            (clip, _) =>
                clip.Reused is not null ? Advice("it began with the steps of another prompt's clip", "make it again without --reuse") : null
        ),
    ];

    /// <summary>All that was found.</summary>
    /// <param name="clip">The clip's settings.</param>
    /// <param name="presets">The presets that there are.</param>
    public static IEnumerable<Finding> Of(GenerationSettings clip, PresetCatalog presets)
    {
        var isDistilled = IsDistilled(clip, presets);
        var findings = Looks.Select(look => look.Look(clip, isDistilled)).OfType<Finding>().ToList();
        return findings.Count > 0
            ? findings
            : [Finding.Good(Topic, "the clip was made without approximations: another seed, prompt or guidance makes another one")];
    }

    /// <summary>
    /// Whether something says that few steps and no guidance are what the clip's model was made for: its checkpoint's name, its LoRAs', of
    /// each expert that has some, or a preset that comes with such.
    /// </summary>
    private static bool IsDistilled(GenerationSettings clip, PresetCatalog presets)
    {
        var experts = new[] { clip.HighNoiseLoras, clip.LowNoiseLoras };
        return HasOne(clip.Loras)
            || experts.All(HasOne)
            || (clip.ModelFiles?.Values ?? []).Append(clip.Model).Any(DistilledNames.AreIn)
            || (
                clip.Preset is { } name
                && presets.FindByAnyName(name) is { } found
                && found.Preset.Models.Values.Any(form => form.Loras.Count > 0 || form.Merged.Count > 0)
            );

        static bool HasOne(IReadOnlyList<GenerationSettings.EmbeddedLora>? loras) =>
            loras?.Any(lora => DistilledNames.AreInLora(lora.File)) == true;
    }

    private static Finding? OfList(NumberList? list, string name, bool isDistilled) =>
        list is not null && !isDistilled ? Advice($"its steps are a list of its own ({list})", $"make it again without --{name}") : null;

    private static Finding Advice(string says, string command) => Finding.Advice(Topic, says, command);
}
