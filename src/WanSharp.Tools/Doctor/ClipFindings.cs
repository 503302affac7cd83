using WanSharp.Engine.Requests;
using static System.FormattableString;

namespace WanSharp.Tools.Doctor;

/// <summary>Which approximations a clip was made with, that may be why it is not good. Pure.</summary>
internal static class ClipFindings
{
    private const string Topic = "quality";
    private const int FewSteps = 12;

    /// <summary>All of them.</summary>
    /// <param name="clip">The clip's settings.</param>
    public static IEnumerable<Finding> Of(GenerationSettings clip)
    {
        var findings = All(clip, clip.Preset is not null || (clip.Loras ?? clip.HighNoiseLoras ?? clip.LowNoiseLoras) is not null).ToList();
        return findings.Count > 0
            ? findings
            : [Finding.Good(Topic, "the clip was made without approximations: another seed, prompt or guidance makes another one")];
    }

    private static IEnumerable<Finding> All(GenerationSettings clip, bool hasLoras)
    {
        if (clip.StepCache is { } cache)
        {
            yield return Finding.Advice(
                Topic,
                $"steps were estimated ({cache})",
                "make it again with --step-cache off, and wan compare the two"
            );
        }

        if (clip.Execution?.Precision == Precision.EightBit)
        {
            yield return Finding.Advice(
                Topic,
                "the transformer multiplied 8-bit integers",
                "wan quantize --model MODEL --max-loss 1% -o better-int8"
            );
        }

        if (clip.Steps < FewSteps && !hasLoras)
        {
            yield return Finding.Advice(
                Topic,
                Invariant($"it has {clip.Steps} steps, and no LoRA or preset that was made for so few"),
                "wan presets"
            );
        }

        if (clip.Decoder is { } decoder)
        {
            yield return Finding.Advice(
                Topic,
                $"it was decoded by {decoder.Name}, not by the model's own VAE",
                "make it again without --decoder"
            );
        }

        if (clip.GuidanceScale == 1 && !hasLoras)
        {
            yield return Finding.Advice(
                Topic,
                "it was made without guidance, by a model that is trained for it",
                "make it again without --guidance 1"
            );
        }

        if (clip.Reused is not null)
        {
            yield return Finding.Advice(Topic, "it began with the steps of another prompt's clip", "make it again without --reuse");
        }
    }
}
