namespace WanSharp.Runtime;

/// <summary>How a graph was compiled and used.</summary>
public sealed record GraphStatistics
{
    /// <summary>The graph's name.</summary>
    public required string Name { get; init; }

    /// <summary>How often it was compiled, because it was neither in memory nor on disk.</summary>
    public long Compiles { get; init; }

    /// <summary>How long that took.</summary>
    public TimeSpan CompileTime { get; init; }

    /// <summary>How often it was loaded from disk.</summary>
    public long Loads { get; init; }

    /// <summary>How long that took.</summary>
    public TimeSpan LoadTime { get; init; }

    /// <summary>How often it was found in memory.</summary>
    public long Hits { get; init; }

    /// <summary>How often the one on disk was stale or damaged, and was made again.</summary>
    public long Invalid { get; init; }

    /// <summary>How often it was disposed to make room.</summary>
    public long Evictions { get; init; }

    /// <summary>How often it ran.</summary>
    public long Runs { get; init; }

    /// <summary>How long that took.</summary>
    public TimeSpan RunTime { get; init; }

    /// <summary>
    /// Bytes of the process's memory that the compiled graph holds: packed weights, constants. What is mapped from disk is not
    /// counted.
    /// </summary>
    public long Bytes { get; init; }

    /// <summary>The most that <see cref="Bytes"/> was at one time.</summary>
    public long PeakBytes { get; init; }

    /// <summary>The blocks in order, if the graph runs with each block's weights in turn; otherwise empty.</summary>
    public IReadOnlyList<BlockTimes> Blocks { get; init; } = [];
}
