using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Tools.Benchmarks;

/// <summary>What a benchmark measured. Times are in seconds, memory in bytes.</summary>
public sealed record BenchmarkReport
{
    /// <summary>What was measured: network, shape, size, mode, provider. Two reports can be compared when it is the same.</summary>
    public required string Workload { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>The processor, as the system names it.</summary>
    public required string Machine { get; init; }

    /// <summary>Threads that computed; 0: one per physical core.</summary>
    public required int Threads { get; init; }

    /// <summary>ONNX Runtime's version.</summary>
    public required string OnnxRuntime { get; init; }

    /// <summary>Floating point operations of one forward pass.</summary>
    public required double Operations { get; init; }

    /// <summary>Times of a forward pass.</summary>
    public required Timing Forward { get; init; }

    /// <summary>Operations a second, by the median.</summary>
    public double OperationsPerSecond => Operations / Forward.Median;

    /// <summary>Operations a second of the largest matrix product, measured between the runs.</summary>
    public required double PeakOperationsPerSecond { get; init; }

    /// <summary>The same with 8-bit integers, when the network multiplied such; else null.</summary>
    public double? PeakIntegerOperationsPerSecond { get; init; }

    /// <summary>
    /// From the start of the process to the end of the first forward pass, without the time that random weights took to write.
    /// </summary>
    public required double StartToFirst { get; init; }

    /// <summary>Largest private memory until the end of the timed runs; null where the system does not tell.</summary>
    public long? PeakPrivateBytes { get; init; }

    /// <summary>Largest resident part of mapped files; null where the system does not tell.</summary>
    public long? PeakMappedBytes { get; init; }

    /// <summary>The operators that took most of a forward pass.</summary>
    public required IReadOnlyList<OperatorShare> Operators { get; init; }

    /// <summary>The peer's; null when none was asked for.</summary>
    public PeerReport? Peer { get; init; }

    /// <summary>
    /// By how much a ratio may worsen before <see cref="Baseline"/> calls it worse, as a share of it; null to take the default.
    /// </summary>
    public double? Tolerance { get; init; }

    /// <summary>What can be compared between machines and days: the larger, the better.</summary>
    public IReadOnlyDictionary<string, double> Ratios
    {
        get
        {
            var ratios = new Dictionary<string, double> { ["share_of_peak"] = OperationsPerSecond / PeakOperationsPerSecond };
            if (PeakIntegerOperationsPerSecond is { } integerPeak)
            {
                ratios["share_of_int8_peak"] = OperationsPerSecond / integerPeak;
            }

            if (Peer is { } peer)
            {
                ratios["times_torch_f32"] = peer.F32.Median / Forward.Median;
                ratios["times_torch_bf16"] = peer.BF16.Median / Forward.Median;
                ratios["times_torch_start"] = peer.StartToFirst / StartToFirst;
            }

            return ratios;
        }
    }

    /// <summary>The report as JSON, readable and stable.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, BenchmarkJson.Default.BenchmarkReport);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="BenchmarkException">The file cannot be read, or is not a report.</exception>
    public static BenchmarkReport Read(string path) => SavedReport.Read(path, BenchmarkJson.Default.BenchmarkReport, "wan bench");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(BenchmarkReport))]
internal sealed partial class BenchmarkJson : JsonSerializerContext;
