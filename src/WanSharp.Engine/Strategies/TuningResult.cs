using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Engine.Strategies;

/// <summary>What <see cref="Autotuner"/> measured.</summary>
/// <param name="Kept">The strategy that is kept.</param>
/// <param name="Seconds">The seconds of a forward pass under each.</param>
/// <param name="Measured">When.</param>
internal sealed record TuningResult(string Kept, IReadOnlyDictionary<string, double> Seconds, DateTimeOffset Measured)
{
    /// <summary>Why a strategy could not be timed.</summary>
    public IReadOnlyDictionary<string, string> Failures { get; init; } = new Dictionary<string, string>();

    /// <summary>What was kept, and by how much.</summary>
    public string Describe()
    {
        string[] failures = [.. Failures.Select(timed => $"{timed.Key} could not be timed: {timed.Value}")];
        if (!Seconds.TryGetValue(Kept, out var kept))
        {
            return $"max-autotune: {Kept}, untimed; {string.Join(", ", failures)}";
        }

        var others = Seconds
            .Where(timed => timed.Key != Kept)
            .OrderBy(timed => timed.Value)
            .Select(timed => string.Create(CultureInfo.InvariantCulture, $"{timed.Value / kept:0.00} × as long in {timed.Key}"))
            .Concat(failures)
            .DefaultIfEmpty("nothing else fits");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"max-autotune: kept {Kept}, {kept:0.000} s a pass; {string.Join(", ", others)} (measured {Measured:yyyy-MM-dd})"
        );
    }

    public string ToJson() => JsonSerializer.Serialize(this, TuningResultJson.Default.TuningResult);

    /// <summary>Reads a result back.</summary>
    /// <returns>The result, or null if <paramref name="json"/> does not contain a usable one.</returns>
    public static TuningResult? FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            var result = JsonSerializer.Deserialize(json, TuningResultJson.Default.TuningResult);
            return result?.Seconds.ContainsKey(result.Kept) == true && result.Seconds.Values.All(seconds => seconds > 0) ? result : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(TuningResult))]
internal sealed partial class TuningResultJson : JsonSerializerContext;
