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

    /// <summary>A file of a repository by its name without folders: of <c>main</c>, else of the newest commit that has it.</summary>
    /// <param name="repository"><c>ORG/NAME</c>.</param>
    /// <param name="file">The file's name.</param>
    /// <returns>Its path; null where no commit has it.</returns>
    internal string? FindByName(string repository, string file)
    {
        if (!HubReference.IsRepository(repository))
        {
            return null;
        }

        try
        {
            var cached = Of(repository);
            return cached
                .NewestFirst()
                .SelectMany(commit =>
                    Directory
                        .EnumerateFiles(cached.SnapshotOf(commit), "*", SearchOption.AllDirectories)
                        .Where(path => Path.GetFileName(path).Equals(file, StringComparison.Ordinal) && File.Exists(path))
                        .Order(StringComparer.Ordinal)
                )
                .FirstOrDefault();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // a cache that cannot be read has nothing
        }
    }

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
