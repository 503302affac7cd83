using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>What <see cref="MemoryBenchmark"/> measured.</summary>
public sealed record MemoryReport
{
    /// <summary>When.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>The processor, as the system names it.</summary>
    public required string Machine { get; init; }

    /// <summary>Whose dimensions the network has.</summary>
    public required string Shape { get; init; }

    /// <summary>Threads that computed.</summary>
    public required int Threads { get; init; }

    /// <summary>The rows that ran, in the table's order.</summary>
    public required IReadOnlyList<MemoryRowResult> Rows { get; init; }

    /// <summary>
    /// The ratios of a saved report in the rows that ran now, in its order. One that its row did not measure counts as worse.
    /// </summary>
    /// <param name="saved">The report to compare with.</param>
    /// <param name="tolerance">The share by which a ratio may worsen, 0 to 1.</param>
    /// <exception cref="BenchmarkException">The reports are of different networks.</exception>
    public IReadOnlyList<RatioChange> CompareTo(MemoryReport saved, double tolerance = Baseline.DefaultTolerance)
    {
        ArgumentNullException.ThrowIfNull(saved);
        if (saved.Shape != Shape)
        {
            throw new BenchmarkException($"The baseline measured the shape {saved.Shape}, this run {Shape}: compare like with like.");
        }

        var now = Ratios(this).ToDictionary();
        var ran = Rows.Select(row => row.Row).ToHashSet();
        return
        [
            .. Ratios(saved with { Rows = [.. saved.Rows.Where(row => ran.Contains(row.Row))] })
                .Select(ratio => RatioChange.Of(ratio, now, tolerance)),
        ];
    }

    /// <summary>The report as JSON, readable and stable.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, MemoryJson.Default.MemoryReport);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="BenchmarkException">The file cannot be read, or is not a report.</exception>
    public static MemoryReport Read(string path) => SavedReport.Read(path, MemoryJson.Default.MemoryReport, "wan bench memory");

    private static IEnumerable<KeyValuePair<string, double>> Ratios(MemoryReport report) =>
        report.Rows.SelectMany(
            row => row.Ratios,
            (row, ratio) => KeyValuePair.Create($"{row.Row.ToString().ToLowerInvariant()}.{ratio.Key}", ratio.Value)
        );
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    WriteIndented = true,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(MemoryReport))]
[JsonSerializable(typeof(MemoryPass))]
[JsonSerializable(typeof(MemoryPassResult))]
internal sealed partial class MemoryJson : JsonSerializerContext;
