using WanSharp.Runtime;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>What a row of the table came to.</summary>
public sealed record MemoryRowResult
{
    /// <summary>The row.</summary>
    public required MemoryRow Row { get; init; }

    /// <summary>What it must reach, in words.</summary>
    public required string Goal { get; init; }

    /// <summary>
    /// Whether it did. Always false where <see cref="Note"/> says that a limit could not be enforced and the row is about one.
    /// </summary>
    public required bool IsReached { get; init; }

    /// <summary>What can be compared between machines and days: the larger, the better.</summary>
    public required IReadOnlyDictionary<string, double> Ratios { get; init; }

    /// <summary>What the ratios are of: seconds, bytes, counts, as their names end.</summary>
    public required IReadOnlyDictionary<string, double> Figures { get; init; }

    /// <summary>What else must be known; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>
    /// How the graphs of what the row is about were compiled and used: within the limit, where there is one. Empty where no pass
    /// ran.
    /// </summary>
    public IReadOnlyList<GraphStatistics> Graphs { get; init; } = [];
}
