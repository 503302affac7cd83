using System.Globalization;
using System.Net;
using System.Text;
using WanSharp.Engine.Benchmarks.Memory;

namespace WanSharp.Cli.Terminal;

/// <summary>The table of <c>wan bench memory</c> as one HTML file, with a chart for each unit of a row.</summary>
internal static class MemoryPage
{
    private const string Style = """
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
        h2 { margin: 2rem 0 0 } h2 span { font-size: .8rem; padding: .1rem .5rem; border-radius: 1rem; color: #fff }
        .reached { background: #2a7d4f } .missed { background: #b3372f }
        .bar { display: grid; grid-template-columns: 15rem 1fr 7rem; gap: .6rem; align-items: center }
        .bar i { display: block; background: #3b6fb6; height: .8rem; border-radius: .2rem } .bar b { font-weight: 400; text-align: right }
        """;

    public static string Write(MemoryReport report)
    {
        var page = new StringBuilder();
        page.AppendLine("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>wan bench memory</title>");
        page.AppendLine(CultureInfo.InvariantCulture, $"<style>{Style}</style><h1>Memory and compilation</h1>");
        page.AppendLine(CultureInfo.InvariantCulture, $"<p>Shape {Encode(report.Shape)}, {report.Threads} threads, {report.Date:yyyy-MM-dd HH:mm} UTC<br>{Encode(report.Machine)}</p>");
        foreach (var row in report.Rows)
        {
            Write(page, row);
        }

        return page.AppendLine("</html>").ToString();
    }

    private static void Write(StringBuilder page, MemoryRowResult row)
    {
        var verdict = row.IsReached ? "reached" : "missed";
        page.AppendLine(CultureInfo.InvariantCulture, $"<h2>{row.Row} <span class=\"{verdict}\">{verdict}</span></h2><p>{Encode(row.Goal)}</p>");
        page.AppendLine(CultureInfo.InvariantCulture, $"<p>{Encode(string.Join(", ", row.Ratios.Select(ratio => string.Create(CultureInfo.InvariantCulture, $"{ratio.Key} {ratio.Value:0.00}"))))}</p>");
        foreach (var unit in row.Figures.GroupBy(figure => figure.Key.Split('_')[^1])) // seconds beside seconds, bytes beside bytes
        {
            var most = Math.Max(unit.Max(figure => figure.Value), double.Epsilon);
            foreach (var (name, value) in unit)
            {
                page.AppendLine(CultureInfo.InvariantCulture, $"<div class=\"bar\">{Encode(name)}<span><i style=\"width:{100 * Math.Max(0, value) / most:0.0}%\"></i></span><b>{MemoryText.Value(name, value)}</b></div>");
            }
        }

        if (row.Note is { } note)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"<p>{Encode(note)}</p>");
        }
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
