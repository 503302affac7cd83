using System.Globalization;
using System.Text;
using WanSharp.Cli.Output;
using WanSharp.Engine.Requests;
using WanSharp.Tools.Optimize;
using static System.FormattableString;

namespace WanSharp.Cli.Terminal;

/// <summary>What <c>wan optimize</c> and <c>wan generate --within</c> say.</summary>
internal static class OptimizeText
{
    private const int Digits = 4;
    private const string Own = "the model's own way";

    public static string Describe(OptimizeReport report, OptimizeGoal goal, string? preset, string? file)
    {
        var (text, own) = (new StringBuilder(), report.Front[0]);
        text.AppendLine(" time of a clip     loss, worst");
        foreach (var way in report.Front)
        {
            text.AppendLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{way.Seconds, 8:0.00} s {own.Seconds / way.Seconds, 5:0.00} x "
                        + $"{100 * way.Loss, 6:0.00} %{100 * way.WorstLoss, 6:0.00} %  {Words(way)}"
                )
            );
        }

        text.AppendLine();
        text.AppendLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"chosen: {Words(report.Answer)}: {report.Answer.Seconds:0.00} s a clip, "
                    + $"{report.Answer.StartSeconds:0.0} s in addition for a single one; on {report.HeldBack.Count} other clips "
                    + $"{report.Validated.Seconds:0.00} s, loss {100 * report.Validated.Loss:0.00} %, worst "
                    + $"{100 * report.Validated.WorstLoss:0.00} %; 95 of 100 others should lose at most {100 * report.Forecast:0.00} %"
            )
        );
        if (goal.MaxLoss is { } most)
        {
            text.AppendLine(
                Invariant($"{report.Kept} of these {report.HeldBack.Count} kept within {100 * most:0.##} %: at least ")
                    + Invariant($"{Math.Floor(100 * report.KeptShare):0} of 100 others do, with 95 % confidence")
            );
        }

        if (report.Rejected > 0)
        {
            text.AppendLine(Invariant($"{report.Rejected} better ways broke their word on the other clips, so these chose, too"));
        }

        foreach (var (name, why) in report.Dropped)
        {
            text.AppendLine(PlainText.OneLine($"not measured: {name}: {why}"));
        }

        text.AppendLine(Invariant($"{report.Story.Count} ways measured; wan generate --within TIME takes them from now on"));
        return text.Append(
                preset is null
                    ? PlainText.OneLine($"use it with: wan generate \"…\" {Options(report.Answer)}")
                    : PlainText.OneLine($"saved in {file}: wan generate \"…\" --preset {preset}")
            )
            .ToString();
    }

    public static OptimizeOutput Output(OptimizeReport report, string? preset, string? file) =>
        new(
            report.Model,
            [.. report.Front.Select(Output)],
            Output(report.Answer),
            new MeasuredLossOutput(
                report.HeldBack.Count,
                Math.Round(report.Validated.Loss, Digits),
                Math.Round(report.Validated.WorstLoss, Digits)
            ),
            Math.Round(report.Validated.Seconds, Digits),
            Math.Round(report.Forecast, Digits),
            report.Kept,
            Math.Round(report.KeptShare, Digits),
            report.Rejected,
            [.. report.Story.Select(Output)],
            [.. report.Dropped.Select(way => new DroppedWayOutput(way.Name, way.Why))],
            preset,
            file
        );

    /// <summary>What a preset says about itself.</summary>
    public static string About(SavedWay way) =>
        Invariant($"{Words(way)}: {way.Seconds:0.00} s a clip, loss {100 * way.Loss:0.0} %, worst {100 * way.WorstLoss:0.0} %");

    /// <summary>What a clip gives up to be made within a time.</summary>
    public static string GaveUp(SavedWay way) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"within: {Words(way)}; about {way.TotalSeconds:0.0} s, and clips like it lost {100 * way.Loss:0.0} % of their SSIM, "
                + $"{100 * way.WorstLoss:0.0} % at worst"
        );

    private static OptimizedWayOutput Output(SavedWay way) =>
        new(
            way.Choices,
            Options(way),
            Math.Round(way.Seconds, Digits),
            Math.Round(way.StartSeconds, Digits),
            Math.Round(way.Loss, Digits),
            Math.Round(way.WorstLoss, Digits)
        );

    private static string Words(SavedWay way) => way.Choices.Count == 0 ? Own : string.Join(", ", way.Choices);

    private static string Options(SavedWay way) =>
        string.Join(
            ' ',
            SettingFields
                .CommandLine(way.Settings)
                .Select(option => $"{option.Option} {option.Value}")
                .Append($"--precision {way.Precision}")
        );
}
