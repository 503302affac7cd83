using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Tensors;

namespace WanSharp.Engine.Costs;

/// <summary>The speed of this machine, as <see cref="Calibrator"/> measured it. Rates are per second.</summary>
public sealed record Calibration
{
    /// <summary>When it was measured.</summary>
    public required DateTimeOffset Measured { get; init; }

    /// <summary>The machine.</summary>
    public required string Machine { get; init; }

    /// <summary>Threads that computed.</summary>
    public required int Threads { get; init; }

    /// <summary>ONNX Runtime's version.</summary>
    public required string OnnxRuntime { get; init; }

    /// <summary>Operations of matrix products in F32, the fetching of weights not counted.</summary>
    public required double Products { get; init; }

    /// <summary>Operations of matrix products of 8-bit integers, whose weights are packed at each run.</summary>
    public required double IntegerProducts { get; init; }

    /// <summary>Bytes of weights fetched and packed for such a product.</summary>
    public required double WeightBytes { get; init; }

    /// <summary>Operations of attention.</summary>
    public required double Attention { get; init; }

    /// <summary>Operations of convolutions whose weights are constants.</summary>
    public required double Convolutions { get; init; }

    /// <summary>Bytes that all other operators read and write.</summary>
    public required double MovedBytes { get; init; }

    /// <summary>Elements of weights that one thread widens to F32, by their type on disk.</summary>
    public required IReadOnlyDictionary<DType, double> Widened { get; init; }

    /// <summary>The calibration as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CalibrationJson.Default.Calibration);

    /// <summary>Reads a calibration back.</summary>
    /// <returns>The calibration, or null if <paramref name="json"/> does not contain a usable one.</returns>
    public static Calibration? FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, CalibrationJson.Default.Calibration) is { IsUsable: true } calibration
                ? calibration
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private bool IsUsable =>
        Widened
            .Values.Concat([Products, IntegerProducts, WeightBytes, Attention, Convolutions, MovedBytes])
            .All(rate => rate > 0 && double.IsFinite(rate));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(Calibration))]
internal sealed partial class CalibrationJson : JsonSerializerContext;
