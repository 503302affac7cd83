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

    /// <summary>A file of a repository by its name without folders, of the newest <c>main</c> if that has it; null for none.</summary>
    /// <param name="repository"><c>ORG/NAME</c>.</param>
    /// <param name="file">The file's name.</param>
    internal string? FindByName(string repository, string file)
    {
        if (!HubReference.IsRepository(repository))
        {
            return null;
        }

        try
        {
            var cached = Of(repository);
            var snapshots = cached.Snapshots;
            var newest = cached.CommitOf("main") is { } commit ? cached.SnapshotOf(commit) + Path.DirectorySeparatorChar : null;
            return Directory.Exists(snapshots)
                ? Directory
                    .EnumerateFiles(snapshots, "*", SearchOption.AllDirectories)
                    .Where(path => Path.GetFileName(path).Equals(file, StringComparison.Ordinal) && File.Exists(path))
                    .OrderBy(path => newest is null || !path.StartsWith(newest, StringComparison.Ordinal)) // older ones last
                    .ThenBy(path => path, StringComparer.Ordinal)
                    .FirstOrDefault()
                : null;
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
