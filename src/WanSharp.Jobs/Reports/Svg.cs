using System.Globalization;
using System.Net;
using System.Text;
using static System.FormattableString;

namespace WanSharp.Jobs.Reports;

/// <summary>Charts as inline SVG, drawn with the page's own colours.</summary>
internal static class Svg
{
    private const int Width = 860;
    private const int LabelWidth = 190;
    private const int RowHeight = 22;

    /// <summary>Bars with a name and a number each.</summary>
    public static string Bars(IReadOnlyCollection<(string Name, double Value, string Text)> bars)
    {
        var most = bars.Select(bar => bar.Value).DefaultIfEmpty().Max();
        var svg = Open(bars.Count * RowHeight);
        foreach (var (i, (name, value, text)) in bars.Index())
        {
            var y = i * RowHeight;
            var length = most > 0 ? value / most * (Width - LabelWidth - 110) : 0;
            svg.Append(Invariant($"<text class=\"label\" x=\"{LabelWidth - 8}\" y=\"{y + 15}\">{Escape(name)}</text>"))
                .Append(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"<rect class=\"{ClassOf(name)}\" x=\"{LabelWidth}\" y=\"{y + 3}\" width=\"{length:0.#}\" "
                            + $"height=\"{RowHeight - 6}\" rx=\"2\"/>"
                    )
                )
                .Append(Invariant($"<text x=\"{LabelWidth + length + 6:0.#}\" y=\"{y + 15}\">{Escape(text)}</text>"));
        }

        return Close(svg);
    }

    /// <summary>A value over time, constant from each point to the next.</summary>
    /// <param name="points">Seconds and values, in order.</param>
    /// <param name="end">The last point's end.</param>
    public static string Steps(IReadOnlyList<(double At, double Value)> points, double end)
    {
        const int Height = 120;
        var most = Math.Max(1, points.Select(point => point.Value).DefaultIfEmpty().Max());
        var svg = Open(Height + 18);
        var path = new StringBuilder(Invariant($"M{X(0)} {Height}"));
        foreach (var (i, (at, value)) in points.Index())
        {
            var to = i + 1 < points.Count ? points[i + 1].At : end;
            var y = Height - (value / most * (Height - 14));
            path.Append(Invariant($"L{X(at):0.#} {y:0.#}L{X(to):0.#} {y:0.#}"));
        }

        path.Append(Invariant($"L{X(end):0.#} {Height}Z"));
        svg.Append(Invariant($"<path class=\"denoise\" d=\"{path}\"/>"))
            .Append(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"<text class=\"label\" x=\"{LabelWidth - 8}\" y=\"14\">{most:0.#}</text><text class=\"label\" "
                        + $"x=\"{LabelWidth - 8}\" y=\"{Height}\">0</text>"
                )
            );
        Axis(svg, Height, end);
        return Close(svg);

        double X(double seconds) => LabelWidth + (end > 0 ? seconds / end * (Width - LabelWidth) : 0);
    }

    /// <summary>A row for each job: its stages over time.</summary>
    /// <param name="rows">Name, and spans with a class, from and to in seconds.</param>
    /// <param name="end">The end of the time axis.</param>
    public static string Waterfall(
        IReadOnlyCollection<(string Name, IEnumerable<(string Stage, double From, double To)> Spans)> rows,
        double end
    )
    {
        const int Row = 14;
        var svg = Open((rows.Count * Row) + 18);
        foreach (var (i, (name, spans)) in rows.Index())
        {
            var y = i * Row;
            svg.Append(Invariant($"<text class=\"label small\" x=\"{LabelWidth - 8}\" y=\"{y + 10}\">{Escape(name)}</text>"));
            foreach (var (stage, from, to) in spans)
            {
                var x = LabelWidth + (from / end * (Width - LabelWidth));
                var length = Math.Max(0.8, (to - from) / end * (Width - LabelWidth));
                svg.Append(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"<rect class=\"{ClassOf(stage)}\" x=\"{x:0.##}\" y=\"{y + 2}\" width=\"{length:0.##}\" "
                            + $"height=\"{Row - 4}\"><title>{Escape(name)}: {Escape(stage)} {to - from:0.00} s</title></rect>"
                    )
                );
            }
        }

        Axis(svg, rows.Count * Row, end);
        return Close(svg);
    }

    /// <summary>Text in HTML: prompts and errors come from strangers.</summary>
    public static string Escape(string text) => WebUtility.HtmlEncode(string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)));

    private static void Axis(StringBuilder svg, int y, double end)
    {
        for (var i = 0; i <= 4; i++)
        {
            var x = LabelWidth + (i / 4.0 * (Width - LabelWidth));
            var anchor = i == 4 ? "end" : "middle";
            svg.Append(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"<line x1=\"{x:0.#}\" x2=\"{x:0.#}\" y1=\"0\" y2=\"{y}\"/><text style=\"text-anchor:{anchor}\" x=\"{x:0.#}\" "
                        + $"y=\"{y + 14}\">{end * i / 4:0.##} s</text>"
                )
            );
        }
    }

    private static string ClassOf(string stage) =>
        stage is "load" or "encode" or "denoise" or "decode" or "write" or "wait" or "hit" or "new" or "failed" ? stage : "other";

    private static StringBuilder Open(int height) => new(Invariant($"<svg viewBox=\"0 0 {Width} {height}\" role=\"img\">"));

    private static string Close(StringBuilder svg) => svg.Append("</svg>").ToString();
}
