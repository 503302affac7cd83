using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>A model folder's <c>config.json</c>: which file holds which network, and each network's dimensions.</summary>
internal sealed record ModelDescription
{
    public const string FileName = "config.json";

    private const int MaximumBytes = 1 << 20;

    /// <summary>What <see cref="Format"/> must be.</summary>
    internal const string FormatName = "wansharp.model";
    private const int SupportedVersion = 1;

    public required string Format { get; init; }

    public required int Version { get; init; }

    public required string Name { get; init; }

    public required TransformerSection Transformer { get; init; }

    public required TextEncoderSection TextEncoder { get; init; }

    public required TokenizerSection Tokenizer { get; init; }

    public required VaeSection Vae { get; init; }

    public required ModelDefaults Defaults { get; init; }

    /// <summary>Where the description of a checkpoint would be.</summary>
    public static string FileNextTo(string checkpoint) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(checkpoint)) ?? "", FileName);

    /// <summary>Reads a model folder's description.</summary>
    /// <exception cref="CheckpointException">There is none, or it is not one that this version reads.</exception>
    public static ModelDescription Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var description = JsonFile.Read(path, ModelJson.Default.ModelDescription, MaximumBytes);
        if (description.Format != FormatName || description.Version != SupportedVersion)
        {
            throw new CheckpointException(
                path,
                $"format \"{description.Format}\" version {description.Version} is not \"{FormatName}\" version {SupportedVersion}, "
                    + "which this version of WanSharp reads."
            );
        }

        return description;
    }

    /// <summary>The model that the description in a folder describes.</summary>
    /// <exception cref="CheckpointException">A dimension, or the name of a file, is none.</exception>
    public ModelParts InFolder(string folder)
    {
        var source = Path.Combine(folder, FileName);
        var vae = Vae.ToConfiguration(source);
        return new ModelParts
        {
            Source = source,
            Folder = folder,
            IsDescribed = true,
            Name = Name,
            Defaults = Defaults,
            Transformer = Transformer.ToConfiguration(source),
            TextEncoder = TextEncoder.ToConfiguration(source),
            Vae = vae,
            Colors = Vae.ToColors(source, vae),
            TransformerPath = FileBeside(source, Transformer.File),
            TextEncoderPath = FileBeside(source, TextEncoder.File),
            VaePath = FileBeside(source, Vae.File),
            TokenizerPath = FileBeside(source, Tokenizer.File),
        };
    }

    /// <summary>Whether a folder has a description of this kind; other tools' files of the same name describe one network.</summary>
    public static bool IsIn(string folder)
    {
        var path = Path.Combine(folder, FileName);
        return File.Exists(path)
            && (
                JsonFile.Read(path, ModelJson.Default.JsonElement, MaximumBytes) is not { ValueKind: JsonValueKind.Object } description
                || description.TryGetProperty("format", out _)
                || description.TryGetProperty("transformer", out _)
            );
    }

    /// <summary>
    /// The folder of a transformer's file, if the description there names that file: the file then stands for the model, whose other parts
    /// and settings only the description knows. Otherwise null.
    /// </summary>
    public static string? FolderOf(string transformer)
    {
        var path = FileNextTo(transformer);
        return
            File.Exists(transformer)
            && File.Exists(path)
            && JsonFile.Read(path, ModelJson.Default.JsonElement, MaximumBytes) is { ValueKind: JsonValueKind.Object } description
            && Says(description, "format", FormatName)
            && description.TryGetProperty("transformer", out var section)
            && section.ValueKind == JsonValueKind.Object
            && Says(section, "file", Path.GetFileName(ShardFiles.SetOf(transformer)))
            ? Path.GetDirectoryName(path)
            : null;
    }

    private static bool Says(JsonElement section, string name, string text) =>
        section.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.ValueEquals(text);

    /// <summary>A file of the model; descriptions come from strangers and may not name files elsewhere.</summary>
    private static string FileBeside(string source, string? file) =>
        file is { Length: > 0 } and not "." and not ".." && file.IndexOfAny(Path.GetInvalidFileNameChars()) < 0
            ? Path.Combine(Path.GetDirectoryName(source)!, file)
            : throw new CheckpointException(source, $"\"{file}\" is not the name of a file next to it.");

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
[JsonSerializable(typeof(VisionEncoderSection))]
[JsonSerializable(typeof(IReadOnlyList<ModelVariant>))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class ModelJson : JsonSerializerContext;
