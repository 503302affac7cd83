using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Runtime;

namespace WanSharp.Cli.Terminal;

/// <summary>How graphs were compiled and used, for people and for programs.</summary>
internal static class GraphText
{
    private const int Digits = 4;

    /// <summary>A table with a line for each graph; empty without graphs.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<GraphStatistics> graphs)
    {
        if (graphs.Count == 0)
        {
            yield break;
        }

        var width = graphs.Max(graph => graph.Name.Length);
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{"graph".PadRight(width)}{"hits", 9}{"misses", 8}{"compiling", 12}{"loaded", 8}"
                + $"{"loading", 12}{"invalid", 9}{"evicted", 9}{"runs", 9}{"memory", 12}"
        );
        foreach (var graph in graphs)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{graph.Name.PadRight(width)}{graph.Hits, 9}{graph.Compiles, 8}{Time(graph.CompileTime), 12}{graph.Loads, 8}"
                    + $"{Time(graph.LoadTime), 12}{graph.Invalid, 9}{graph.Evictions, 9}{graph.Runs, 9}{Amounts.Size(graph.PeakBytes), 12}"
            );
        }
    }

    /// <summary>Sums, and each graph. A hit is a compiled graph that was there, in memory or on disk.</summary>
    public static JsonObject Json(IReadOnlyList<GraphStatistics> graphs) =>
        new()
        {
            ["hits"] = graphs.Sum(graph => graph.Hits + graph.Loads),
            ["misses"] = graphs.Sum(graph => graph.Compiles),
            ["compile_seconds"] = Seconds(graphs.Sum(graph => graph.CompileTime.TotalSeconds)),
            ["loads"] = graphs.Sum(graph => graph.Loads),
            ["load_seconds"] = Seconds(graphs.Sum(graph => graph.LoadTime.TotalSeconds)),
            ["invalid"] = graphs.Sum(graph => graph.Invalid),
            ["evictions"] = graphs.Sum(graph => graph.Evictions),
            ["runs"] = graphs.Sum(graph => graph.Runs),
            ["bytes"] = graphs.Sum(graph => graph.Bytes),
            ["peak_bytes"] = graphs.Sum(graph => graph.PeakBytes),
            ["by_graph"] = new JsonArray([.. graphs.Select(Json)]),
        };

    private static JsonObject Json(GraphStatistics graph)
    {
        var json = new JsonObject
        {
            ["graph"] = graph.Name,
            ["hits"] = graph.Hits + graph.Loads,
            ["misses"] = graph.Compiles,
            ["compile_seconds"] = Seconds(graph.CompileTime.TotalSeconds),
            ["loads"] = graph.Loads,
            ["load_seconds"] = Seconds(graph.LoadTime.TotalSeconds),
            ["invalid"] = graph.Invalid,
            ["evictions"] = graph.Evictions,
            ["runs"] = graph.Runs,
            ["run_seconds"] = Seconds(graph.RunTime.TotalSeconds),
            ["bytes"] = graph.Bytes,
            ["peak_bytes"] = graph.PeakBytes,
        };
        if (graph.Blocks.Count > 0)
        {
            json["blocks"] = new JsonArray([
                .. graph.Blocks.Select(block => new JsonObject
                {
                    ["wait_seconds"] = Seconds(block.Wait.TotalSeconds),
                    ["compute_seconds"] = Seconds(block.Compute.TotalSeconds),
                }),
            ]);
        }

        return json;
    }

    private static double Seconds(double seconds) => Math.Round(seconds, Digits);

    private static string Time(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.000} s");
}
