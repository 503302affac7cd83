using WanSharp.Graphs;
using WanSharp.Runtime.Networks;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>Some forward passes in a process of their own.</summary>
internal sealed record MemoryPass
{
    /// <summary>Whose dimensions the network has.</summary>
    public required string Shape { get; init; }

    /// <summary>How many of its blocks there are; null for all.</summary>
    public int? Layers { get; init; }

    /// <summary>The weights.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>Pixels across.</summary>
    public int Width { get; init; } = 256;

    /// <summary>Pixels down.</summary>
    public int Height { get; init; } = 256;

    /// <summary>Frames of video.</summary>
    public int Frames { get; init; } = 17;

    /// <summary>Tokens of the prompt.</summary>
    public int TextTokens { get; init; } = 100;

    /// <summary>What is one graph.</summary>
    public CompileMode Mode { get; init; }

    /// <summary>Whether blocks multiply 8-bit integers.</summary>
    public Quantization Quantization { get; init; }

    /// <summary>Where packed and quantized weights are kept; null for nowhere.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Whether what stays in memory is chosen by the memory that the process may use.</summary>
    public bool FitsMemory { get; init; }

    /// <summary>How many passes; 0 to compile alone.</summary>
    public int Passes { get; init; }
}
