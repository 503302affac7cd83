using System.Globalization;
using WanSharp.Engine.Guidance;
using WanSharp.Engine.Sampling;
using static WanSharp.Engine.Requests.FieldForms;

namespace WanSharp.Engine.Requests;

/// <summary>The rows of <see cref="SettingFields"/> about how a clip follows its prompt.</summary>
internal static class GuidanceFields
{
    /// <summary>Slows the usual frequency down, in clips that are longer than the model's.</summary>
    public const string RiflexAuto = "auto";

    /// <summary>The rows, in the order in which help shows them.</summary>
    public static IReadOnlyList<SettingField> All { get; } =
    [
        Value<NumberList>(
                "guidance_steps",
                "LIST",
                "The scale of each step instead of --guidance; a step of 1 takes one pass.",
                "numbers such as 3.5,3.5,1,1, one for each step",
                "3.5,3.5,1,1",
                s => s.GuidanceSteps,
                (s, v) => s with { GuidanceSteps = v, GuidanceScale = null, HighNoiseGuidanceScale = null },
                r => r.GuidanceSteps,
                isList: true,
                excludes: ["guidance", "guidance_high"]
            )
            .Marked(ofSteps: true),
        Value<StepInterval>(
                "guidance_interval",
                "FROM-TO",
                "Guide these steps only, as shares of all; the others take one pass.",
                "FROM-TO in shares of the steps, such as 0-0.5",
                "0-0.5",
                s => s.GuidanceInterval,
                (s, v) => s with { GuidanceInterval = v },
                r => r.GuidanceInterval
            )
            .Marked(ofSteps: true),
        Number(
                "cfg_zero",
                "N",
                "CFG-Zero*: guide from the best length of the negative velocity; the first N steps take none.",
                0,
                Samplers.MaxSteps - 1,
                s => s.CfgZero,
                (s, v) => s with { CfgZero = v },
                r => r.CfgZero
            )
            .Marked(ofSteps: true),
        Value<ProjectedGuidance>(
                "apg",
                "NORM[,MOMENTUM[,ETA]]",
                "Adaptive projected guidance: strong guidance without glaring colours. Usual: 55,-0.75,0.",
                "NORM, MOMENTUM and ETA such as 55,-0.75,0",
                "55,-0.75,0",
                s => s.Apg,
                (s, v) => s with { Apg = v },
                r => r.Apg
            )
            .Marked(ofSteps: true),
        Value<SkippedBlocks>(
            "slg",
            "BLOCKS[@FROM-TO]",
            "Skip-layer guidance: blocks that the negative prompt's pass leaves out in these steps.",
            "BLOCKS from 0 and steps, such as 9@0.1-0.9",
            "9@0.1-0.9",
            s => s.Slg,
            (s, v) => s with { Slg = v },
            r => r.Slg
        ),
        Value<AttentionGuidance>(
            "nag",
            "SCALE[,TAU[,ALPHA]]",
            "Normalized attention guidance: a negative prompt without a second pass. Usual: 5,3.5,0.5.",
            "SCALE, TAU and ALPHA such as 5,3.5,0.5",
            "5,3.5,0.5",
            s => s.Nag,
            (s, v) => s with { Nag = v },
            r => r.Nag
        ),
        new(
            text => text == RiflexAuto || SettingTexts.TryParseNumber<int>(text, out _) ? text : null,
            s => s.Riflex,
            (s, v) => s with { Riflex = (string)v },
            r => r.Riflex?.ToString(CultureInfo.InvariantCulture)
        )
        {
            Name = "riflex",
            ValueName = "K|auto",
            Help = "RIFLEx, for clips longer than the model's: the frequency in time that is slowed down.",
            Expected = $"a whole number from 1, or {RiflexAuto}",
            Example = RiflexAuto,
        },
    ];
}
