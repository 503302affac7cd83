using System.Text.Json;
using System.Text.Json.Serialization;

namespace WanSharp.Storage;

/// <summary>What an entry consists of: written last, read first. Its file is also what leases lock.</summary>
/// <param name="Version">The layout's version.</param>
/// <param name="Key">The entry's key, so that a renamed folder is not taken for another entry.</param>
/// <param name="Files">The files.</param>
internal sealed record EntryManifest(int Version, string Key, IReadOnlyList<EntryFile> Files)
{
    public const string FileName = "entry.json";

    private const int CurrentVersion = 1;
    private const int MaximumBytes = 1 << 22;

    /// <summary>Describes what was written into a folder, and flushes it to the disk.</summary>
    /// <param name="key">The entry's key.</param>
    /// <param name="folder">The folder; its subfolders do not count.</param>
    public static EntryManifest Describe(string key, string folder)
    {
        var names = Directory.EnumerateFiles(folder).Select(Path.GetFileName).Where(name => name != FileName).Order(StringComparer.Ordinal);
        return new EntryManifest(CurrentVersion, key, [.. names.Select(name => EntryFile.Describe(Path.Combine(folder, name!)))]);
    }

    /// <summary>Reads a manifest.</summary>
    /// <returns>The manifest, or null when it is damaged or another entry's.</returns>
    public static EntryManifest? Read(Stream stream, string key)
    {
        if (stream.Length > MaximumBytes)
        {
            return null;
        }

        try
        {
            var manifest = JsonSerializer.Deserialize(stream, StorageJson.Default.EntryManifest);
            return
                manifest is { Version: CurrentVersion, Files: not null }
                && manifest.Key == key
                && manifest.Files.All(file => file is { IsPlain: true })
                ? manifest
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Write(Stream stream) => JsonSerializer.Serialize(stream, this, StorageJson.Default.EntryManifest);

    /// <summary>Whether the files are as they were written, as far as <paramref name="check"/> looks.</summary>
    public bool Fits(string folder, EntryCheck check, CancellationToken cancellationToken) =>
        Files.All(file => file.Fits(Path.Combine(folder, file.Name), check, cancellationToken));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(EntryManifest))]
[JsonSerializable(typeof(StoreCounts))]
internal sealed partial class StorageJson : JsonSerializerContext;
