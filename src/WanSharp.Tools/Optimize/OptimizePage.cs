using System.Globalization;
using System.Net;
using System.Text;

namespace WanSharp.Tools.Optimize;

/// <summary>What was found as one HTML file that needs nothing else: the front, frames of each way, and all that was measured.</summary>
public static class OptimizePage
{
    private const int Width = 720;
    private const int Height = 320;
    private const int Margin = 40;

    private const string Style = """
        :root { color-scheme: light dark; --line: #3b6fb6; --soft: #8884 }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums } td, th { padding: .15rem .7rem; text-align: right }
        td:last-child, th:last-child { text-align: left } tr + tr td { border-top: 1px solid var(--soft) }
        figure { margin: .8rem 0 } figure img { width: min(100%, 60rem); height: auto; image-rendering: pixelated }
        figcaption, .note { opacity: .75; font-size: .9rem }
        svg { display: block; width: 100%; max-width: 45rem; height: auto; background: var(--soft); margin: .2rem 0 .8rem }
        circle { fill: #8888 } circle.front { fill: var(--line) } circle.answer { fill: #d33 } .mean { stroke: #8888 }
        polyline { fill: none; stroke: var(--line); stroke-width: 2 } text { font-size: 12px; fill: currentColor }
        """;

    /// <summary>The page.</summary>
    /// <param name="report">What was found.</param>
    /// <param name="goal">What was wanted.</param>
    public static string Write(OptimizeReport report, OptimizeGoal goal)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(goal);
        var page = new StringBuilder("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">");
        page.AppendLine("<meta name=\"viewport\" content=\"width=device-width\"><title>wan optimize</title>");
        page.AppendLine(CultureInfo.InvariantCulture, $"<style>{Style}</style><h1>Faster clips of {Encode(report.Model)}</h1>");
        var kept = goal.MaxLoss is { } most
            ? FormattableString.Invariant(
                $"; {report.Kept} kept within {most:P1}, so at least {Math.Floor(100 * report.KeptShare):0} of 100"
            ) + " others do, with 95 % confidence"
            : "";
        var rejected = report.Rejected == 0 ? "" : FormattableString.Invariant($"; {report.Rejected} better ways broke their word on them");
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<p>{Encode(Wanted(goal))} Chosen: {Encode(Words(report.Answer))}. On {report.HeldBack.Count} other clips "
                + $"it takes {report.Validated.Seconds:0.00} s and loses {report.Validated.Loss:P2} of the SSIM, "
                + $"{report.Validated.WorstLoss:P2} at worst{rejected}; "
                + $"95 of 100 others should lose at most {report.Forecast:P2}{kept}.</p>"
        );
        WriteChart(page, report);
        page.AppendLine("<h2>The front</h2>");
        WriteTable(page, report.Front);
        page.AppendLine(
            "<h2>Frames</h2><p class=\"note\">Each way's above the model's own; below, what differs, four times as strong.</p>"
        );
        foreach (var (words, sheet) in report.Sheets)
        {
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<figure><img alt=\"Frames of a clip\" src=\"data:image/webp;base64,{Convert.ToBase64String(sheet)}\">"
                    + $"<figcaption>{Encode(words.Length == 0 ? "the model's own way" : words)}</figcaption></figure>"
            );
        }

        page.AppendLine("<h2>Everything that was measured, in order</h2>");
        WriteTable(page, report.Story);
        WriteDropped(page, report.Dropped);
        return page.AppendLine("</html>").ToString();
    }

    private static void WriteChart(StringBuilder page, OptimizeReport report)
    {
        var (longest, worst) = (report.Story.Max(way => way.Seconds), Math.Max(1e-6, report.Story.Max(way => way.WorstLoss)));
        page.AppendLine(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"Loss by time\">");
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<text x=\"{Width / 2}\" y=\"{Height - 10}\">time of a clip, up to {longest:0.0} s</text>"
        );
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<text x=\"5\" y=\"15\">SSIM loss of the worst clip, up to {worst:P1}; bars go to the mean</text>"
        );
        var line = string.Join(' ', Line(report.Front).Select(way => FormattableString.Invariant($"{X(way):0.#},{Y(way.WorstLoss):0.#}")));
        page.AppendLine(CultureInfo.InvariantCulture, $"<polyline points=\"{line}\"/>");
        foreach (var way in report.Story)
        {
            var kind =
                IsSame(way, report.Answer) ? "answer"
                : report.Front.Any(one => IsSame(one, way)) ? "front"
                : "";
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<line class=\"mean\" x1=\"{X(way):0.#}\" y1=\"{Y(way.WorstLoss):0.#}\" x2=\"{X(way):0.#}\" y2=\"{Y(way.Loss):0.#}\"/>"
                    + $"<circle class=\"{kind}\" cx=\"{X(way):0.#}\" cy=\"{Y(way.WorstLoss):0.#}\" r=\"5\">"
                    + $"<title>{Encode(Words(way))}: {way.Seconds:0.00} s, {way.WorstLoss:P2} at worst, "
                    + $"{way.Loss:P2} in the mean</title></circle>"
            );
        }

        page.AppendLine("</svg>");

        double X(SavedWay way) => Margin + ((Width - (2 * Margin)) * way.Seconds / longest);
        double Y(double loss) => Height - Margin - ((Height - (2 * Margin)) * loss / worst);
    }

    /// <summary>The ways of a front that no other one beats in time and loss: some are on it for their start alone.</summary>
    private static IEnumerable<SavedWay> Line(IReadOnlyList<SavedWay> front)
    {
        var least = double.MaxValue;
        foreach (var way in front.OrderBy(way => way.Seconds).ThenBy(way => way.WorstLoss))
        {
            if (way.WorstLoss < least)
            {
                yield return way;
                least = way.WorstLoss;
            }
        }
    }

    private static void WriteDropped(StringBuilder page, IReadOnlyList<DroppedWay> ways)
    {
        if (ways.Count == 0)
        {
            return;
        }

        page.AppendLine("<h2>What could not be measured</h2><ul>");
        foreach (var (name, why) in ways)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"<li>{Encode(name)}: {Encode(why)}");
        }

        page.AppendLine("</ul>");
    }

    private static void WriteTable(StringBuilder page, IReadOnlyList<SavedWay> ways)
    {
        page.AppendLine("<table><tr><th>seconds<th>SSIM loss<th>worst clip<th>way</tr>");
        foreach (var way in ways)
        {
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<tr><td>{way.Seconds:0.00}<td>{way.Loss:P2}<td>{way.WorstLoss:P2}<td>{Encode(Words(way))}</tr>"
            );
        }

        page.AppendLine("</table>");
    }

    private static string Wanted(OptimizeGoal goal)
    {
        var time = goal.Within is { } within ? FormattableString.Invariant($"a clip within {within.TotalSeconds:0.#} s") : null;
        var loss = goal.MaxLoss is { } most ? FormattableString.Invariant($"a loss of at most {most:P1} of its SSIM") : null;
        return $"Wanted: {string.Join(", ", new[] { time, loss }.OfType<string>())}.";
    }

    private static bool IsSame(SavedWay way, SavedWay other) => way.Choices.SequenceEqual(other.Choices);

    private static string Words(SavedWay way) => way.Choices.Count == 0 ? "the model's own way" : string.Join(", ", way.Choices);

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
