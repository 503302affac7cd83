using System.Text.Json.Serialization;

namespace WanSharp.Models;

/// <summary>The parts of a model that were named explicitly; null parts are looked for near the model.</summary>
public sealed record NamedParts
{
    /// <summary>Nothing was named.</summary>
    public static NamedParts None { get; } = new();

    /// <summary>
    /// The transformer of the low-noise expert. The same file as <see cref="HighNoise"/> means one transformer for all steps.
    /// </summary>
    public string? LowNoise { get; init; }

    /// <summary>The transformer of the high-noise expert.</summary>
    public string? HighNoise { get; init; }

    /// <summary>The text encoder.</summary>
    public string? TextEncoder { get; init; }

    /// <summary>The VAE.</summary>
    public string? Vae { get; init; }

    /// <summary>CLIP's image encoder.</summary>
    [JsonPropertyName("clip")] // as the option and stored batches call it
    public string? VisionEncoder { get; init; }

    /// <summary>A <c>spiece.model</c>, a <c>tokenizer.json</c>, a folder with one, or a checkpoint that carries one.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Whether nothing is named.</summary>
    [JsonIgnore]
    public bool IsEmpty => this == None;

    /// <summary>The options of the command line that name these parts.</summary>
    public IEnumerable<(string Option, string Value)> Options()
    {
        (string Option, string? Value)[] all =
        [
            (PartOptions.LowNoise, LowNoise),
            (PartOptions.HighNoise, HighNoise),
            (PartOptions.TextEncoder, TextEncoder),
            (PartOptions.Vae, Vae),
            (PartOptions.VisionEncoder, VisionEncoder),
            (PartOptions.Tokenizer, Tokenizer),
        ];
        return all.Where(option => option.Value is not null).Select(option => (option.Option, option.Value!));
    }

    /// <summary>
    /// The same parts with full paths, where a file or folder of that name exists; other names are looked for near the model.
    /// </summary>
    public NamedParts WithFullPaths() => Replace(path => Path.Exists(path) ? Path.GetFullPath(path) : path);

    /// <summary>These parts under other names.</summary>
    /// <param name="replace">Gives the name that takes the place of one.</param>
    public NamedParts Replace(Func<string, string> replace)
    {
        ArgumentNullException.ThrowIfNull(replace);
        return new NamedParts
        {
            LowNoise = Replaced(LowNoise),
            HighNoise = Replaced(HighNoise),
            TextEncoder = Replaced(TextEncoder),
            Vae = Replaced(Vae),
            VisionEncoder = Replaced(VisionEncoder),
            Tokenizer = Replaced(Tokenizer),
        };

        string? Replaced(string? name) => name is null ? null : replace(name);
    }
}
