using System.Text.Json.Serialization;
using WanSharp.Runtime;

namespace WanSharp.Hosting.Outputs;

/// <summary>How a graph was compiled and used.</summary>
/// <param name="Graph">Its name.</param>
/// <param name="Hits">How often a compiled graph was there, in memory or on disk.</param>
/// <param name="Misses">How often one was compiled.</param>
/// <param name="CompileSeconds">The time that took.</param>
/// <param name="Loads">How often one was loaded from disk.</param>
/// <param name="LoadSeconds">The time that took.</param>
/// <param name="Invalid">Damaged entries.</param>
/// <param name="Evictions">Graphs that made room for others.</param>
/// <param name="Runs">Runs.</param>
/// <param name="RunSeconds">The time that they took.</param>
/// <param name="Bytes">The memory held.</param>
/// <param name="PeakBytes">The most memory held.</param>
/// <param name="Blocks">The times of each block, where the graph is a block of a transformer.</param>
public sealed record GraphOutput(
    string Graph,
    long Hits,
    long Misses,
    double CompileSeconds,
    long Loads,
    double LoadSeconds,
    long Invalid,
    long Evictions,
    long Runs,
    double RunSeconds,
    long Bytes,
    long PeakBytes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<BlockOutput>? Blocks
)
{
    internal static GraphOutput From(GraphStatistics graph) =>
        new(
            graph.Name,
            graph.Hits + graph.Loads,
            graph.Compiles,
            GraphsOutput.Seconds(graph.CompileTime.TotalSeconds),
            graph.Loads,
            GraphsOutput.Seconds(graph.LoadTime.TotalSeconds),
            graph.Invalid,
            graph.Evictions,
            graph.Runs,
            GraphsOutput.Seconds(graph.RunTime.TotalSeconds),
            graph.Bytes,
            graph.PeakBytes,
            graph.Blocks.Count == 0
                ? null
                :
                [
                    .. graph.Blocks.Select(block => new BlockOutput(
                        GraphsOutput.Seconds(block.Wait.TotalSeconds),
                        GraphsOutput.Seconds(block.Compute.TotalSeconds)
                    )),
                ]
        );
}
