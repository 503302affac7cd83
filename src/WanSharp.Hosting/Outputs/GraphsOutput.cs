using WanSharp.Runtime;

namespace WanSharp.Hosting.Outputs;

/// <summary>How all graphs were compiled and used.</summary>
/// <param name="Hits">How often a compiled graph was there, in memory or on disk.</param>
/// <param name="Misses">How often one was compiled.</param>
/// <param name="CompileSeconds">The time that took.</param>
/// <param name="Loads">How often one was loaded from disk.</param>
/// <param name="LoadSeconds">The time that took.</param>
/// <param name="Invalid">Damaged entries.</param>
/// <param name="Evictions">Graphs that made room for others.</param>
/// <param name="Runs">Runs.</param>
/// <param name="Bytes">The memory held.</param>
/// <param name="PeakBytes">The most memory held.</param>
/// <param name="ByGraph">Each graph.</param>
public sealed record GraphsOutput(
    long Hits,
    long Misses,
    double CompileSeconds,
    long Loads,
    double LoadSeconds,
    long Invalid,
    long Evictions,
    long Runs,
    long Bytes,
    long PeakBytes,
    IReadOnlyList<GraphOutput> ByGraph
)
{
    private const int Digits = 4;

    /// <summary>Sums, and each graph.</summary>
    public static GraphsOutput From(IReadOnlyList<GraphStatistics> graphs) =>
        new(
            graphs.Sum(graph => graph.Hits + graph.Loads),
            graphs.Sum(graph => graph.Compiles),
            Seconds(graphs.Sum(graph => graph.CompileTime.TotalSeconds)),
            graphs.Sum(graph => graph.Loads),
            Seconds(graphs.Sum(graph => graph.LoadTime.TotalSeconds)),
            graphs.Sum(graph => graph.Invalid),
            graphs.Sum(graph => graph.Evictions),
            graphs.Sum(graph => graph.Runs),
            graphs.Sum(graph => graph.Bytes),
            graphs.Sum(graph => graph.PeakBytes),
            [.. graphs.Select(GraphOutput.From)]
        );

    internal static double Seconds(double seconds) => Math.Round(seconds, Digits);
}
