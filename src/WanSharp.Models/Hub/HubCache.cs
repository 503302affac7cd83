namespace WanSharp.Models.Hub;

/// <summary>A cache folder of Hugging Face's layout, shared with every other program that reads it.</summary>
/// <param name="folder">The folder, which need not exist.</param>
public sealed class HubCache(string folder)
{
    private const string Prefix = "models--";

    /// <summary>The folder.</summary>
    public string Folder { get; } = folder;

    /// <summary>The place of a repository, whether or not it exists.</summary>
    /// <param name="repository"><c>ORG/NAME</c>.</param>
    internal HubRepositoryCache Of(string repository) => new(Folder, repository);

    /// <summary>The repositories with files of models, by name.</summary>
    internal IReadOnlyList<HubRepositoryCache> Repositories() =>
        Directory.Exists(Folder)
            ?
            [
                .. Directory
                    .EnumerateDirectories(Folder, Prefix + "*")
                    .Select(path => Path.GetFileName(path)[Prefix.Length..].Split("--"))
                    .Where(parts => parts.Length == 2)
                    .Select(parts => $"{parts[0]}/{parts[1]}")
                    .Where(HubReference.IsRepository)
                    .Order(StringComparer.OrdinalIgnoreCase)
                    .Select(Of),
            ]
            : [];
}
