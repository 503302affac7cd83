using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Tools.Benchmarks;

/// <summary>A process's start, as <see cref="Benchmark.StartAsync"/> measures it.</summary>
/// <param name="Workload">What was measured.</param>
/// <param name="Seconds">From the start of the process to the end of the first forward pass.</param>
/// <param name="PeakPrivateBytes">Largest private memory; null where the system does not tell.</param>
/// <param name="PeakMappedBytes">Largest resident part of mapped files; null where the system does not tell.</param>
public sealed record StartReport(string Workload, double Seconds, long? PeakPrivateBytes, long? PeakMappedBytes)
{
    /// <summary>The report as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StartJson.Default.StartReport);

    /// <summary>Reads a report back.</summary>
    /// <exception cref="BenchmarkException">It is none.</exception>
    public static StartReport FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, StartJson.Default.StartReport)
                ?? throw new BenchmarkException("A start's report is empty.");
        }
        catch (JsonException e)
        {
            throw new BenchmarkException($"A start's report cannot be read: {e.Message}", e);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StartReport))]
internal sealed partial class StartJson : JsonSerializerContext;
