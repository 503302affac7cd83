using WanSharp.Models;

namespace WanSharp.Engine.Presets;

/// <summary>Where the LoRAs of presets are looked for.</summary>
/// <param name="Folders">Folders of the user, such as ComfyUI's <c>models/loras</c>.</param>
/// <param name="HubCache">The cache of Hugging Face's tools, which has a folder for each repository; null for none.</param>
public sealed record LoraFolders(IReadOnlyList<string> Folders, string? HubCache)
{
    private const string Loras = "loras";

    /// <summary>None but the model's own.</summary>
    public static LoraFolders None { get; } = new([], null);

    /// <summary>The folder that a message names for a model's LoRAs.</summary>
    public static string For(WanModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Path.Combine(model.Folder, Loras);
    }

    /// <summary>The file of a name: next to the model, in the user's folders, or in its repository's cache; or null.</summary>
    internal string? Find(WanModel model, string repository, string file)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(model.Parts.Transformer))!;
        string[] near =
        [
            model.Folder,
            Path.Combine(model.Folder, Loras),
            folder,
            Path.Combine(folder, Loras),
            Path.Combine(folder, "..", Loras),
        ];
        return near.Concat(Folders).Select(one => Path.Combine(one, file)).FirstOrDefault(File.Exists) is { } found
            ? Path.GetFullPath(found)
            : InHubCache(repository, file);
    }

    private string? InHubCache(string repository, string file)
    {
        if (HubCache is null)
        {
            return null;
        }

        var snapshots = Path.Combine(HubCache, $"models--{repository.Replace("/", "--", StringComparison.Ordinal)}", "snapshots");
        try
        {
            return Directory.Exists(snapshots)
                ? Directory
                    .EnumerateFiles(snapshots, file, SearchOption.AllDirectories)
                    .Order(StringComparer.Ordinal)
                    .FirstOrDefault(File.Exists)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // a cache that cannot be read has nothing
        }
    }
}
