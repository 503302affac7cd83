using System.Globalization;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Cli.Terminal;

/// <summary>How graphs were compiled and used, for people and for programs.</summary>
internal static class GraphText
{
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
                    + $"{Time(graph.LoadTime), 12}{graph.Invalid, 9}{graph.Evictions, 9}{graph.Runs, 9}{ByteSize.Text(graph.PeakBytes), 12}"
            );
        }
    }

    private static string Time(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.000} s");
}
