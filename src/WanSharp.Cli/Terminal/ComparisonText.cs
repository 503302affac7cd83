using System.Globalization;
using System.Text;
using WanSharp.Cli.Output;
using WanSharp.Tools.Compare;
using static System.FormattableString;

namespace WanSharp.Cli.Terminal;

/// <summary>What <c>wan compare</c> says.</summary>
internal static class ComparisonText
{
    private const int Digits = 4;

    /// <summary>One pair: a line of many, or a table of one.</summary>
    public static string Describe(ComparedClips clip, bool isOneOfMany)
    {
        var result = clip.Result;
        return isOneOfMany
            ? PlainText.OneLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"PSNR {Decibels(result.Quality.Psnr), 8}  SSIM {result.Quality.Ssim:0.0000}  worst {result.WorstSsim:0.0000}  "
                        + $"{clip.Pair.Name}"
                )
            )
            : string.Join(Environment.NewLine, Rows(clip).Select(row => $"{row.Name, -14} {row.Value}"));
    }

    /// <summary>What stands below: the mean of several pairs, and what the numbers mean.</summary>
    public static string Summary(IReadOnlyList<ComparedClips> clips, IReadOnlyList<string> alone)
    {
        var text = new StringBuilder();
        if (clips.Count > 1)
        {
            var ssim = clips.Average(clip => clip.Result.Quality.Ssim);
            var little = clips.Count(clip => clip.Result.Quality.Ssim >= 1 - ComparisonScale.LittleLoss);
            text.AppendLine();
            var worst = clips.Min(clip => clip.Result.Quality.Ssim);
            text.AppendLine(
                Invariant($"{clips.Count} pairs: SSIM {ssim:0.0000} in the mean, {worst:0.0000} at worst; {little} with little loss")
            );
        }

        foreach (var file in alone)
        {
            text.AppendLine(PlainText.OneLine($"without a like: {file}"));
        }

        return text.Append(ComparisonScale.Note).ToString();
    }

    /// <summary>One pair for programs.</summary>
    public static ComparedClipOutput Output(ComparedClips clip)
    {
        var result = clip.Result;
        return new ComparedClipOutput(
            clip.Pair.Name,
            clip.Pair.Actual,
            clip.Pair.Expected,
            result.Width,
            result.Height,
            result.Frames.Count,
            Finite(result.Quality.Psnr),
            Rounded(result.MeanPsnr),
            result.EqualFrames,
            Round(result.Quality.Ssim),
            Round(result.WorstSsim),
            Rounded(result.MultiScale),
            Rounded(result.Changes),
            Rounded(result.Perceptual),
            Rounded(clip.Vmaf),
            result is { Motion: { } motion, OtherMotion: > 0 and { } other } ? Round(motion / other) : null,
            [.. result.Frames.Select(frame => Round(frame.Quality.Ssim))]
        );
    }

    private static IEnumerable<(string Name, string Value)> Rows(ComparedClips clip)
    {
        var result = clip.Result;
        yield return ("clips", Invariant($"{result.Frames.Count} frames of {result.Width}x{result.Height}"));
        yield return (
            "PSNR",
            Invariant($"{Decibels(result.Quality.Psnr)} of the whole clip")
                + (result.MeanPsnr is { } mean ? Invariant($", {mean:0.0} dB in the mean of {Unequal(result)}") : "")
        );
        yield return (
            "SSIM",
            Invariant(
                $"{result.Quality.Ssim:0.0000}, worst frame {result.WorstSsim:0.0000}: {ComparisonScale.Verdict(result.Quality.Ssim)}"
            )
        );
        if (result.MultiScale is { } scales)
        {
            yield return ("MS-SSIM", Invariant($"{scales:0.0000}"));
        }

        if (result.Changes is { } changes)
        {
            yield return ("flicker", Invariant($"SSIM {changes:0.0000} of the changes from frame to frame"));
        }

        if (result is { Motion: { } motion, OtherMotion: { } other })
        {
            var share = other > 0 ? Invariant($": {100 * motion / other:0} %") : "";
            yield return ("motion", Invariant($"{motion:0.00} against {other:0.00} levels a frame{share}"));
        }

        if (result.Perceptual is { } distance)
        {
            yield return ("LPIPS", Invariant($"{distance:0.0000}"));
        }

        if (clip.Vmaf is { } vmaf)
        {
            yield return ("VMAF", Invariant($"{vmaf:0.0}"));
        }
    }

    private static string Unequal(ClipComparison result) =>
        result.EqualFrames == 0 ? "its frames" : Invariant($"the {result.Frames.Count - result.EqualFrames} frames that differ");

    private static string Decibels(double psnr) => double.IsFinite(psnr) ? Invariant($"{psnr:0.0} dB") : "equal";

    private static double? Finite(double value) => double.IsFinite(value) ? Round(value) : null;

    private static double? Rounded(double? value) => value is { } number ? Round(number) : null;

    private static double Round(double value) => Math.Round(value, Digits);
}
