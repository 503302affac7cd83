using WanSharp.Runtime;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>What a <see cref="MemoryPass"/> measured of itself.</summary>
internal sealed record MemoryPassResult
{
    /// <summary>Seconds to compile the transformer and bind its weights.</summary>
    public required double CompileSeconds { get; init; }

    /// <summary>Seconds from the process's start until the transformer was ready.</summary>
    public required double StartSeconds { get; init; }

    /// <summary>Seconds of each forward pass.</summary>
    public required IReadOnlyList<double> Forwards { get; init; }

    /// <summary>Of the last pass's result.</summary>
    public required string Digest { get; init; }

    /// <summary>The largest private memory, in bytes; null where the system does not tell.</summary>
    public long? PrivateBytes { get; init; }

    /// <summary>The most bytes that the strategy was chosen for, mapped weights among them; null if none was chosen.</summary>
    public long? EstimatedBytes { get; init; }

    /// <summary>Blocks whose weights stayed in memory.</summary>
    public required int ResidentBlocks { get; init; }

    /// <summary>Seconds that blocks waited for their weights, in all passes.</summary>
    public required double WaitSeconds { get; init; }

    /// <summary>How graphs were compiled and used.</summary>
    public IReadOnlyList<GraphStatistics> Graphs { get; init; } = [];
}
