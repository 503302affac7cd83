using System.Text.Json;
using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Models.Codes;

/// <summary>What a description (<c>config.json</c>, <c>quantization_config.json</c>) says of how a checkpoint was quantized.</summary>
/// <remarks>Sources: huggingface/diffusers:src/diffusers/quantizers; Disty0/sdnq:src/sdnq/quantizer.py (SDNQConfig).</remarks>
internal sealed partial class QuantizationConfig
{
    private const string FileName = "quantization_config.json";
    private const string Property = "quantization_config";
    private const int MaximumBytes = 1 << 22;

    private static readonly string[] SdnqTypes = ["int8", "float8_e4m3fn", "float8_e5m2", "fp8"];

    // These say how the codes were found, or how activations are treated, and nothing of what the codes mean.
    private static readonly string[] SdnqUses =
    [
        "use_static_quantization",
        "use_stochastic_rounding",
        "use_dynamic_quantization",
        "use_quantized_matmul_conv",
    ];

    private QuantizationConfig(bool isSdnq, string source) => (IsSdnq, Source) = (isSdnq, source);

    /// <summary>The description's file.</summary>
    public string Source { get; }

    /// <summary>Whether the tensor <c>scale</c> next to a weight is its scale.</summary>
    public bool IsSdnq { get; }

    /// <summary>The description of a checkpoint with quantized weights; null if there is none, or nothing is quantized.</summary>
    /// <exception cref="CheckpointException">It says something that is not supported.</exception>
    public static QuantizationConfig? Find(ICheckpoint checkpoint)
    {
        if (!checkpoint.Tensors.Values.Any(IsQuantized) && checkpoint.Unsupported.Count == 0)
        {
            return null;
        }

        QuantoMap.Require(checkpoint);
        var folder = Path.GetDirectoryName(Path.GetFullPath(checkpoint.Path)) ?? "";
        var own = Path.Combine(folder, FileName);
        var general = ModelDescription.FileNextTo(checkpoint.Path);
        return checkpoint.Metadata.TryGetValue(Property, out var note) ? Read(checkpoint.Path, "its header", Parsed(checkpoint.Path, note))
            : File.Exists(own) ? Read(checkpoint.Path, own, Object(own))
            : File.Exists(general)
            && Object(general) is var described
            && !IsOfAnother(described)
            && described.TryGetProperty(Property, out var section)
                ? Read(checkpoint.Path, general, section)
            : null;
    }

    /// <summary>Whether a description is that of a network which is none of Wan's, as where models of all kinds share a folder.</summary>
    private static bool IsOfAnother(JsonElement description) =>
        (
            Text(description, "_class_name")
            ?? (
                description.TryGetProperty("architectures", out var names)
                && names is { ValueKind: JsonValueKind.Array }
                && names.GetArrayLength() > 0
                    ? names[0].ToString()
                    : null
            )
        )
            is { } name
        && !OfWan().IsMatch(name);

    [GeneratedRegex("wan|t5|clip|xlm|autoencoder|skyreels", RegexOptions.IgnoreCase)]
    private static partial Regex OfWan();

    private static bool IsQuantized(Tensor tensor) =>
        tensor.Shape.Rank >= 2 && tensor.DType is DType.I8 or DType.U8 or DType.F8E4M3 or DType.F8E5M2;

    /// <summary>The description in a file's header, as text.</summary>
    private static JsonElement Parsed(string path, string note)
    {
        try
        {
            return JsonDocument.Parse(note).RootElement;
        }
        catch (JsonException e)
        {
            throw new CheckpointException(path, $"its note {Property} is not JSON: {e.Message}", e);
        }
    }

    private static JsonElement Object(string path) =>
        JsonFile.Read(path, ModelJson.Default.JsonElement, MaximumBytes) is { ValueKind: JsonValueKind.Object } description
            ? description
            : throw new CheckpointException(path, "it is not a JSON object: not a description of a network.");

    private static QuantizationConfig? Read(string checkpoint, string source, JsonElement config)
    {
        if (config.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var method = Text(config, "quant_method") ?? "";
        return method.ToLowerInvariant() switch
        {
            "sdnq" => Sdnq(checkpoint, source, config),
            "quanto" => Known(Text(config, "weights") ?? Text(config, "weights_dtype"), "int8", "float8", "qint8", "qfloat8"),
            "fp8" => new QuantizationConfig(isSdnq: false, source),
            "bitsandbytes" => throw Refused(
                checkpoint,
                source,
                Says(config, "load_in_4bit")
                    ? $"bitsandbytes' {Text(config, "bnb_4bit_quant_type")?.ToUpperInvariant() ?? "4 bits"}"
                    : "bitsandbytes' int8"
            ),
            _ => throw Refused(
                checkpoint,
                source,
                method.Length > 0 ? $"a method called {CheckpointException.Quote(method)}" : "a method without a name (quant_method)"
            ),
        };

        QuantizationConfig Known(string? type, params ReadOnlySpan<string> types) =>
            type is null || types.Contains(type)
                ? new QuantizationConfig(isSdnq: false, source)
                : throw Refused(checkpoint, source, $"{method}'s {type}");
    }

    private static QuantizationConfig Sdnq(string checkpoint, string source, JsonElement config)
    {
        if (Text(config, "weights_dtype") is var type && !SdnqTypes.Contains(type))
        {
            throw Refused(checkpoint, source, $"SDNQ's {type ?? "unnamed type"}");
        }

        return Uses(config, 0).FirstOrDefault(use => !SdnqUses.Contains(use)) is { } use
            ? throw Refused(checkpoint, source, $"SDNQ with {use}")
            : new QuantizationConfig(isSdnq: true, source);
    }

    /// <summary>The switches that are on, those of single modules, too.</summary>
    private static IEnumerable<string> Uses(JsonElement element, int depth) =>
        element.ValueKind != JsonValueKind.Object || depth > 4
            ? []
            : element
                .EnumerateObject()
                .SelectMany(property =>
                    property.Value.ValueKind == JsonValueKind.True
                        ? property.Name.StartsWith("use_", StringComparison.Ordinal)
                            ? [property.Name]
                            : []
                        : Uses(property.Value, depth + 1)
                );

    private static CheckpointException Refused(string checkpoint, string source, string format) =>
        new(
            checkpoint,
            $"{Path.GetFileName(source)} says that its weights are quantized by {format}, which is not supported: {ForeignFormats.WayOut}."
        );

    private static string? Text(JsonElement config, string name) =>
        config.ValueKind == JsonValueKind.Object && config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static bool Says(JsonElement config, string name) =>
        config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
