using WanSharp.Models;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>What is measured, and with what.</summary>
public sealed record MemoryBenchmarkOptions
{
    /// <summary>The rows to run. Default: all.</summary>
    public IReadOnlyList<MemoryRow> Rows { get; init; } = Enum.GetValues<MemoryRow>();

    /// <summary>
    /// Whose dimensions the network has, except <see cref="MemoryRow.Large"/>: one of <see cref="BenchmarkOptions.ShapeNames"/>.
    /// Default: "1.3b".
    /// </summary>
    public string Shape { get; init; } = "1.3b";

    /// <summary>How many of the shape's blocks there are, to measure a part where time or disk are short. Default: null, all.</summary>
    public int? Layers { get; init; }

    /// <summary>Timed forward passes of each kind. Default: 3. At least 1.</summary>
    public int Runs { get; init; } = 3;

    /// <summary>How many allocations to let fail, each in its own clip. Default: 200.</summary>
    public int Failures { get; init; } = 200;

    /// <summary>Whether the random weights of <see cref="MemoryRow.Large"/>, 14 GB, stay. Default: no.</summary>
    public bool KeepsLargeWeights { get; init; }

    /// <summary>Where random weights are kept from run to run.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>
    /// The program that runs one <see cref="MemoryBenchmark.RunPassAsync"/>, and its arguments: what is measured from a
    /// process's start, or within a limit, has its own process.
    /// </summary>
    public required IReadOnlyList<string> PassCommand { get; init; }

    /// <summary>The model whose clips are made while allocations fail: a small one.</summary>
    public required WanModel FailureModel { get; init; }
}
