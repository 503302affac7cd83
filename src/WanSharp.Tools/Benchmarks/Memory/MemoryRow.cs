namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>The rows of <see cref="MemoryBenchmark"/>'s table.</summary>
public enum MemoryRow
{
    /// <summary>Compiling a block against compiling the whole network.</summary>
    Compile,

    /// <summary>The whole network's second start, from packed weights on disk, against its first.</summary>
    Start,

    /// <summary>Three sizes in turn, twice, and another expert: what is compiled.</summary>
    Sizes,

    /// <summary>A third of the weights' bytes as the limit of all memory.</summary>
    Third,

    /// <summary>The most memory held, streamed against the plain whole network.</summary>
    Peak,

    /// <summary>The 14B shape within 4 GB.</summary>
    Large,

    /// <summary>Allocations that fail.</summary>
    Failures,
}
