using System.Globalization;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks.Memory;
using static System.FormattableString;

namespace WanSharp.Cli.Terminal;

/// <summary>What <c>wan bench memory</c> prints for people.</summary>
internal static class MemoryText
{
    public static string Describe(MemoryReport report) => string.Join(Environment.NewLine, Lines(report));

    /// <summary>A figure with its unit, which its name ends with.</summary>
    public static string Value(string name, double value) =>
        name.EndsWith("_bytes", StringComparison.Ordinal) ? ByteSize.Text(value)
        : name.EndsWith("_seconds", StringComparison.Ordinal) ? Invariant($"{value:0.000} s")
        : Invariant($"{value:0}");

    private static IEnumerable<string> Lines(MemoryReport report)
    {
        yield return Invariant($"memory and compilation, shape {report.Shape}, {report.Threads} threads");
        yield return $"on {report.Machine}";
        foreach (var row in report.Rows)
        {
            yield return $"{(row.IsReached ? "reached" : "MISSED "), -8} {row.Row.ToString().ToLowerInvariant()}: {row.Goal}";
            yield return $"         {string.Join(", ", row.Ratios.Select(ratio => Invariant($"{ratio.Key} {ratio.Value:0.00}")))}";
            yield return $"         {string.Join(", ", row.Figures.Select(figure => $"{figure.Key} {Value(figure.Key, figure.Value)}"))}";
            if (row.Note is { } note)
            {
                yield return $"         {note}";
            }

            foreach (var line in GraphText.Lines(row.Graphs))
            {
                yield return $"         {line}";
            }

            foreach (var graph in row.Graphs.Where(graph => graph.Blocks.Count > 0))
            {
                var (wait, compute) = (
                    graph.Blocks.Sum(block => block.Wait.TotalSeconds),
                    graph.Blocks.Sum(block => block.Compute.TotalSeconds)
                );
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"         {graph.Name}: {graph.Blocks.Count} blocks waited {wait:0.000} s for "
                        + $"their weights, computed {compute:0.000} s"
                );
            }
        }
    }
}
