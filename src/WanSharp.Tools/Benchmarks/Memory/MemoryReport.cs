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

    /// <summary>The ratios that a saved report has too, in its order.</summary>
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
        return
        [
            .. Ratios(saved)
                .Where(ratio => now.ContainsKey(ratio.Key))
                .Select(ratio => new RatioChange(ratio.Key, ratio.Value, now[ratio.Key], now[ratio.Key] < ratio.Value * (1 - tolerance))),
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
