using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>What is measured, and how.</summary>
public sealed record BenchmarkOptions
{
    /// <summary>The network.</summary>
    public required BenchmarkSubject Subject { get; init; }

    /// <summary>Whose dimensions it has: one of <see cref="ShapeNames"/>. Default: "1.3b".</summary>
    public string Shape { get; init; } = "1.3b";

    /// <summary>Pixels across. Default: 256.</summary>
    public int Width { get; init; } = 256;

    /// <summary>Pixels down. Default: 256.</summary>
    public int Height { get; init; } = 256;

    /// <summary>Frames of video, 4n+1. Default: 17.</summary>
    public int Frames { get; init; } = 17;

    /// <summary>How many of the shape's blocks there are, for networks that are too large here. Default: null, all.</summary>
    public int? Layers { get; init; }

    /// <summary>The prompt's tokens; the rest of the text's rows are padding. Default: null, no padding.</summary>
    public int? TextTokens { get; init; }

    /// <summary>Timed forward passes. Default: 3. At least 1.</summary>
    public int Runs { get; init; } = 3;

    /// <summary>How much of the transformer is one graph. Default: a block.</summary>
    public CompileMode Mode { get; init; } = CompileMode.Blocks;

    /// <summary>What the network computes in; only the transformer has 8-bit integers. Default: F32.</summary>
    public Precision Precision { get; init; } = Precision.Full;

    /// <summary>The element type of the weights on disk: F32 (default), F16, BF16, F8E4M3 (with scales), Q80 or Q4K.</summary>
    public DType Weights { get; init; } = DType.F32;

    /// <summary>How many blocks stay in the memory that computes; the others come in for each pass. Default: null, all.</summary>
    public int? ResidentBlocks { get; init; }

    /// <summary>How graphs are compiled: provider and its options.</summary>
    public SessionSettings Session { get; init; } = new();

    /// <summary>Where random weights and compiled networks are kept from run to run.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The Python that runs the same network in PyTorch, compared with ours. Default: null, no peer.</summary>
    public string? PeerPython { get; init; }

    /// <summary>The names of the shapes.</summary>
    public static IReadOnlyList<string> ShapeNames { get; } = [.. NamedShape.All.Keys];
}
