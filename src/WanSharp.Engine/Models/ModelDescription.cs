using System.Text.Json.Serialization;
using WanSharp.Tensors;

namespace WanSharp.Engine.Models;

/// <summary>A model folder's <c>config.json</c>: which file holds which network, and each network's dimensions.</summary>
internal sealed record ModelDescription
{
    public const string FileName = "config.json";

    private const int MaximumBytes = 1 << 20;
    private const string SupportedFormat = "wansharp.model";
    private const int SupportedVersion = 1;

    public required string Format { get; init; }

    public required int Version { get; init; }

    public required string Name { get; init; }

    public required TransformerSection Transformer { get; init; }

    public required TextEncoderSection TextEncoder { get; init; }

    public required TokenizerSection Tokenizer { get; init; }

    public required VaeSection Vae { get; init; }

    public required ModelDefaults Defaults { get; init; }

    /// <summary>Reads a model folder's description.</summary>
    /// <exception cref="CheckpointException">There is none, or it is not one that this version reads.</exception>
    public static ModelDescription Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var description = JsonFile.Read(path, ModelJson.Default.ModelDescription, MaximumBytes);
        if (description.Format != SupportedFormat || description.Version != SupportedVersion)
        {
            throw new CheckpointException(
                path, $"format \"{description.Format}\" version {description.Version} is not \"{SupportedFormat}\" version {SupportedVersion}, which this version of WanSharp reads.");
        }

        return description;
    }

    internal sealed record TokenizerSection
    {
        public required string File { get; init; }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ModelDescription))]
[JsonSerializable(typeof(TransformerSection))]
[JsonSerializable(typeof(TextEncoderSection))]
[JsonSerializable(typeof(VaeSection))]
[JsonSerializable(typeof(ClipVisionSection))]
internal sealed partial class ModelJson : JsonSerializerContext;
