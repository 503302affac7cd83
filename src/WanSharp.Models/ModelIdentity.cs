using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Graphs.Networks;
using WanSharp.Storage;

namespace WanSharp.Models;

/// <summary>
/// The one description of what decides a model's results, of which the keys of all caches are made. A configuration is in it with
/// all its properties, wherever they came from; weights with the digests of their files.
/// </summary>
/// <remarks>Thread-safe. Digests are read when they are first asked for: of large files from the notes of
/// <see cref="FileDigests"/>.</remarks>
internal sealed class ModelIdentity
{
    private readonly IReadOnlyDictionary<ModelPart, Lazy<string>> _parts;

    public ModelIdentity(WanModel model, FileDigests digests)
    {
        var json = ConfigurationJson.Default;
        _parts = new Dictionary<ModelPart, Lazy<string>>
        {
            [ModelPart.TransformerShape] = new(() => JsonSerializer.Serialize(model.Transformer, json.TransformerConfig)),
            [ModelPart.TransformerWeights] = new(() => Files([.. model.TransformerWeights.Files, .. model.HighNoiseWeights?.Files ?? []])),
            [ModelPart.TextEncoder] = new(() =>
                $"{JsonSerializer.Serialize(model.TextEncoder, json.Umt5Config)} {Files(model.TextEncoderWeights.Files)}"
            ),
            [ModelPart.Tokenizer] = new(() => model.Tokenizer.Digest),
            [ModelPart.Vae] = new(() => $"{JsonSerializer.Serialize(model.Vae, json.VaeConfig)} {Files(model.VaeWeights.Files)}"),
            [ModelPart.VisionEncoder] = new(() =>
                model is { VisionEncoder: { } vision, VisionEncoderWeights: { } weights }
                    ? $"{JsonSerializer.Serialize(vision, json.VisionEncoderConfig)} {Files(weights.Files)}"
                    : "none"
            ),
        };

        string Files(IEnumerable<string> paths) => digests.Of(paths, CancellationToken.None);
    }

    /// <summary>The parts as text, a line each. What is computed without a part may leave it out; everything else is in.</summary>
    public string Without(ModelPart parts) => Of(ModelPart.All & ~parts);

    /// <summary>Some parts as text, a line each.</summary>
    public string Of(ModelPart parts) =>
        string.Join(
            '\n',
            _parts.Where(part => parts.HasFlag(part.Key)).OrderBy(part => part.Key).Select(part => $"{part.Key}: {part.Value.Value}")
        );
}

/// <summary>Configurations as JSON, with every property that a network is built by.</summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(TransformerConfig))]
[JsonSerializable(typeof(Umt5Config))]
[JsonSerializable(typeof(VaeConfig))]
[JsonSerializable(typeof(VisionEncoderConfig))]
internal sealed partial class ConfigurationJson : JsonSerializerContext;
