using System.Globalization;
using System.Text;
using WanSharp.Cli.Output;
using WanSharp.Tensors;
using WanSharp.Tools.Quantize;
using static System.FormattableString;

namespace WanSharp.Cli.Terminal;

/// <summary>What <c>wan quantize</c> says.</summary>
internal static class QuantizeText
{
    private const int MostSensitive = 5;
    private const int Digits = 6;

    public static string Describe(QuantizeReport report)
    {
        var text = new StringBuilder();
        foreach (var kind in report.Layers.GroupBy(layer => layer.Format.ToString()).OrderByDescending(kind => kind.Count()))
        {
            var share = 100.0 * kind.Sum(layer => layer.Loss.Elements) / report.Layers.Sum(layer => layer.Loss.Elements);
            text.AppendLine(Invariant($"{kind.Count(), 4} layers {kind.Key, -16} {share, 5:0.0} % of their weights"));
        }

        text.AppendLine();
        text.AppendLine("most sensitive alone (error of the network's output)");
        foreach (var (loss, format) in report.Layers.OrderByDescending(layer => layer.Loss.Plain).Take(MostSensitive))
        {
            var rotated = loss.Rotated is { } error ? Invariant($"{error, 9:0.0e+0} rotated") : "";
            text.AppendLine(Invariant($"  {loss.Plain, 9:0.0e+0} {rotated}  {format}  {loss.Layer}"));
        }

        text.AppendLine();
        text.AppendLine(Losses("calibration", report.Clips.Where(clip => !clip.IsHeldBack)));
        text.AppendLine(Losses("held back", report.Clips.Where(clip => clip.IsHeldBack)));
        text.AppendLine(Invariant($"             95 of 100 others should lose at most {100 * report.Forecast:0.00} %"));
        if (report.Rejected > 0)
        {
            text.AppendLine(Invariant($"             {report.Rejected} choices lost too much on these before, so they chose, too"));
        }

        text.AppendLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"step         {report.StepBefore.TotalSeconds:0.000} s before, {report.StepAfter.TotalSeconds:0.000} s now: "
                    + $"{report.StepBefore / report.StepAfter:0.00} times as fast"
            )
        );
        foreach (var (path, bytes) in report.Files)
        {
            text.AppendLine(PlainText.OneLine($"{path}: {ByteSize.Text(bytes)}"));
        }

        text.AppendLine($"             {ByteSize.Text(report.BytesBefore)} before");
        return text.Append(PlainText.OneLine($"use it with: wan generate \"…\" {report.Use} --precision int8")).ToString();
    }

    public static QuantizeOutput Output(QuantizeReport report) =>
        new(
            [.. report.Files.Select(file => new ExportFileOutput(file.Path, file.Bytes))],
            report.Use,
            report.BytesBefore,
            Math.Round(report.StepBefore.TotalSeconds, Digits),
            Math.Round(report.StepAfter.TotalSeconds, Digits),
            Measured(report.Clips.Where(clip => !clip.IsHeldBack)),
            Measured(report.Clips.Where(clip => clip.IsHeldBack)),
            report.Tried,
            report.Rejected,
            [
                .. report.Layers.Select(layer => new QuantizedLayerOutput(
                    layer.Loss.Layer.Name,
                    layer.Loss.Layer.IsHighNoise,
                    layer.Format.ToString(),
                    layer.Loss.Elements,
                    Finite(layer.Loss.Plain),
                    layer.Loss.Rotated is { } rotated ? Finite(rotated) : null
                )),
            ]
        );

    private static string Losses(string name, IEnumerable<QuantizedClip> clips)
    {
        var losses = Measured(clips);
        return Invariant(
            $"{name, -12} SSIM loss {100 * losses.Mean:0.00} % in the mean of {losses.Clips} clips, worst {100 * losses.Worst:0.00} %"
        );
    }

    private static MeasuredLossOutput Measured(IEnumerable<QuantizedClip> clips)
    {
        var losses = clips.Select(clip => clip.Loss).ToList();
        return new MeasuredLossOutput(losses.Count, Math.Round(losses.Average(), Digits), Math.Round(losses.Max(), Digits));
    }

    /// <summary>JSON has no infinity.</summary>
    private static double? Finite(double value) => double.IsFinite(value) ? Math.Round(value, Digits + 2) : null;
}
