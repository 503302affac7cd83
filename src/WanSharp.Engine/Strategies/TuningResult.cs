using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Engine.Strategies;

/// <summary>What <see cref="Autotuner"/> measured.</summary>
/// <param name="Kept">The way that is kept.</param>
/// <param name="Seconds">What a forward pass took in each.</param>
/// <param name="Measured">When.</param>
internal sealed record TuningResult(string Kept, IReadOnlyDictionary<string, double> Seconds, DateTimeOffset Measured)
{
    /// <summary>What was kept, and by how much.</summary>
    public string Describe()
    {
        var others = Seconds.Where(way => way.Key != Kept).OrderBy(way => way.Value).Select(way => string.Create(CultureInfo.InvariantCulture, $"{way.Value / Seconds[Kept]:0.00} × as long in {way.Key}"));
        return string.Create(CultureInfo.InvariantCulture, $"max-autotune: kept {Kept}, {Seconds[Kept]:0.000} s a pass; {string.Join(", ", others.DefaultIfEmpty("nothing else fits"))} (measured {Measured:yyyy-MM-dd})");
    }

    public string ToJson() => JsonSerializer.Serialize(this, TuningResultJson.Default.TuningResult);

    /// <summary>Reads a result back.</summary>
    /// <returns>It, or null when <paramref name="json"/> holds none that can be used.</returns>
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

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TuningResult))]
internal sealed partial class TuningResultJson : JsonSerializerContext;
