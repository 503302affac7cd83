using System.Globalization;
using System.Net;
using System.Text;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks.Memory;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// The table of <c>wan bench memory</c> as one HTML file, with a chart for each unit of a row, and of where its blocks' time
/// went.
/// </summary>
internal static class MemoryPage
{
    private const string Style = """
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
        h2 { margin: 2rem 0 0 } h2 span { font-size: .8rem; padding: .1rem .5rem; border-radius: 1rem; color: #fff }
        .reached { background: #2a7d4f } .missed { background: #b3372f }
        .bar { display: grid; grid-template-columns: 15rem 1fr 7rem; gap: .6rem; align-items: center }
        .bar i { display: block; background: #3b6fb6; height: .8rem; border-radius: .2rem } .bar b { font-weight: 400; text-align: right }
        table { border-collapse: collapse; margin: 1rem 0; font-size: .85rem } td, th { padding: .1rem .6rem; text-align: right }
        td:first-child, th:first-child { text-align: left }
        .blocks { display: flex; align-items: flex-end; gap: 1px; height: 8rem }
        .blocks i { flex: 1; display: flex; flex-direction: column; justify-content: flex-end; height: 100% }
        .wait { background: #d08a2e } .compute { background: #3b6fb6 }
        .key { padding: 0 .4rem; color: #fff; border-radius: .2rem; margin-right: .4rem }
        """;

    public static string Write(MemoryReport report)
    {
        var page = new StringBuilder();
        page.AppendLine("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>wan bench memory</title>");
        page.AppendLine(CultureInfo.InvariantCulture, $"<style>{Style}</style><h1>Memory and compilation</h1>");
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<p>Shape {Encode(report.Shape)}, {report.Threads} threads, {report.Date:yyyy-MM-dd HH:mm} UTC<br>{Encode(report.Machine)}</p>"
        );
        foreach (var row in report.Rows)
        {
            Write(page, row);
        }

        return page.AppendLine("</html>").ToString();
    }

    private static void Write(StringBuilder page, MemoryRowResult row)
    {
        var verdict = row.IsReached ? "reached" : "missed";
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<h2>{row.Row} <span class=\"{verdict}\">{verdict}</span></h2><p>{Encode(row.Goal)}</p>"
        );
        var ratios = row.Ratios.Select(ratio => string.Create(CultureInfo.InvariantCulture, $"{ratio.Key} {ratio.Value:0.00}"));
        page.AppendLine(CultureInfo.InvariantCulture, $"<p>{Encode(string.Join(", ", ratios))}</p>");
        foreach (var unit in row.Figures.GroupBy(figure => figure.Key.Split('_')[^1])) // seconds next to seconds, bytes next to bytes
        {
            var most = Math.Max(unit.Max(figure => figure.Value), double.Epsilon);
            foreach (var (name, value) in unit)
            {
                page.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"<div class=\"bar\">{Encode(name)}<span><i "
                        + $"style=\"width:{100 * Math.Max(0, value) / most:0.0}%\"></i></span><b>{MemoryText.Value(name, value)}</b></div>"
                );
            }
        }

        if (row.Note is { } note)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"<p>{Encode(note)}</p>");
        }

        WriteTable(page, row.Graphs);
        foreach (var graph in row.Graphs.Where(graph => graph.Blocks.Count > 0))
        {
            WriteBlocks(page, graph);
        }
    }

    /// <summary>A line for each graph.</summary>
    private static void WriteTable(StringBuilder page, IReadOnlyList<GraphStatistics> graphs)
    {
        if (graphs.Count == 0)
        {
            return;
        }

        page.AppendLine(
            "<table><tr><th>graph<th>hits<th>misses<th>compiling<th>loaded<th>loading<th>"
                + "invalid<th>evicted<th>runs<th>running<th>memory</tr>"
        );
        foreach (var graph in graphs)
        {
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<tr><td>{Encode(graph.Name)}<td>{graph.Hits}<td>{graph.Compiles}<td>{graph.CompileTime.TotalSeconds:0.000} "
                    + $"s<td>{graph.Loads}<td>{graph.LoadTime.TotalSeconds:0.000} "
                    + $"s<td>{graph.Invalid}<td>{graph.Evictions}<td>{graph.Runs}<td>{graph.RunTime.TotalSeconds:0.000} "
                    + $"s<td>{ByteSize.Text(graph.PeakBytes)}</tr>"
            );
        }

        page.AppendLine("</table>");
    }

    /// <summary>A column for each block: its wait for weights on top of its computing.</summary>
    private static void WriteBlocks(StringBuilder page, GraphStatistics graph)
    {
        var most = Math.Max(graph.Blocks.Max(block => (block.Wait + block.Compute).TotalSeconds), double.Epsilon);
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"<p>{Encode(graph.Name)}, each block in all runs, up to {most:0.000} s: <span class=\"key wait\">waits for "
                + $"weights</span><span class=\"key compute\">computes</span></p><div class=\"blocks\">"
        );
        foreach (var (block, index) in graph.Blocks.Select((block, index) => (block, index)))
        {
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"<i title=\"block {index}: waits {block.Wait.TotalSeconds:0.0000} s, computes {block.Compute.TotalSeconds:0.0000} "
                    + $"s\"><span class=\"wait\" style=\"height:{100 * block.Wait.TotalSeconds / most:0.0}%\"></span><span "
                    + $"class=\"compute\" style=\"height:{100 * block.Compute.TotalSeconds / most:0.0}%\"></span></i>"
            );
        }

        page.AppendLine("</div>");
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
