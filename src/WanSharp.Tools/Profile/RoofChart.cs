using System.Globalization;
using System.Net;
using System.Text;

namespace WanSharp.Tools.Profile;

/// <summary>The stages below the machine's roofs: operations a second by operations for each byte moved, both axes logarithmic.</summary>
internal static class RoofChart
{
    private const int Width = 640;
    private const int Height = 300;
    private const int Margin = 30;
    private const double Spread = 30; // how far the axes go beyond the corner of the roofs, as a factor

    public static void Write(StringBuilder page, ProfileReport report)
    {
        var stages = report.Stages.Where(stage => stage is { Rate: > 0, Intensity: > 0 }).ToList();
        if (stages.Count == 0 || report is not { PeakOperations: > 0, PeakBytes: > 0 })
        {
            return;
        }

        var corner = report.PeakOperations / report.PeakBytes;
        var (left, right) = (
            Math.Min(corner / Spread, stages.Min(stage => stage.Intensity)),
            Math.Max(report.Roofs.Values.Max() / report.PeakBytes * Spread, stages.Max(stage => stage.Intensity))
        );
        var (bottom, top) = (
            Math.Min(left * report.PeakBytes, stages.Min(stage => stage.Rate)),
            report.Roofs.Values.Concat(stages.Select(stage => stage.Rate)).Max() * 2
        );
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"Stages below the roofs\">"
        );
        var highest = report.Roofs.Values.Max();
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<polyline style=\"stroke: var(--line)\" points=\"{Point(left, left * report.PeakBytes)} "
                + $"{Point(highest / report.PeakBytes, highest)}\"/>"
        );
        foreach (var (kind, roof) in report.Roofs)
        {
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<polyline style=\"stroke: var(--line)\" points=\"{Point(roof / report.PeakBytes, roof)} {Point(right, roof)}\">"
                    + $"<title>{WebUtility.HtmlEncode(kind)}</title></polyline>"
            );
        }

        foreach (var stage in stages)
        {
            var (x, y) = (X(stage.Intensity), Y(stage.Rate));
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<circle cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"5\" style=\"fill: var(--other)\"/>"
                    + $"<text x=\"{x + 8:0.#}\" y=\"{y + 4:0.#}\">{WebUtility.HtmlEncode(stage.Stage)}</text>"
            );
        }

        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<text x=\"{Margin}\" y=\"14\">operations a second</text>"
                + $"<text x=\"{Width / 2}\" y=\"{Height - 6}\">operations for each byte moved</text></svg>"
        );

        string Point(double intensity, double rate) => FormattableString.Invariant($"{X(intensity):0.#},{Y(rate):0.#}");

        double X(double intensity) => Margin + ((Width - (2 * Margin)) * Math.Log(intensity / left) / Math.Log(right / left));

        double Y(double rate) => Height - Margin - ((Height - (2 * Margin)) * Math.Log(rate / bottom) / Math.Log(top / bottom));
    }
}
