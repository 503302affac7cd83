using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>Walks folders, and links to folders, each once.</summary>
internal static class FolderSearch
{
    // A collection has hundreds of folders; a whole disk has millions.
    private const int MostFolders = 20_000;

    private static readonly EnumerationOptions Entries = new() { IgnoreInaccessible = true }; // hidden ones are left out

    /// <summary>The files in a folder and in those below it, the nearest first.</summary>
    /// <param name="folder">The folder, which need not exist.</param>
    /// <param name="depth">How many folders deep to look.</param>
    /// <param name="mayStop">Whether to end where there are too many folders, rather than fail.</param>
    /// <exception cref="CheckpointException">There are too many folders.</exception>
    public static IEnumerable<string> Files(string folder, int depth, bool mayStop = false)
    {
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        var visited = new HashSet<string>();
        var waiting = new Queue<(string Path, string Real, int Depth)>([(folder, ModelFiles.RealPath(folder), 0)]);
        while (waiting.TryDequeue(out var next))
        {
            if (!visited.Add(next.Real))
            {
                continue;
            }

            if (visited.Count > MostFolders)
            {
                if (mayStop)
                {
                    yield break;
                }

                throw new CheckpointException(folder, $"more than {MostFolders} folders are below it; name a folder nearer to the model.");
            }

            foreach (var entry in EntriesOf(next.Path))
            {
                var path = Path.Combine(next.Path, entry.Name);
                if (entry is FileInfo)
                {
                    yield return path;
                }
                else if (next.Depth < depth)
                {
                    var real = entry.LinkTarget is null ? Path.Combine(next.Real, entry.Name) : ModelFiles.RealPath(path);
                    waiting.Enqueue((path, real, next.Depth + 1));
                }
            }
        }
    }

    /// <summary>The folders in a folder, links to folders included; none if it does not exist.</summary>
    public static IReadOnlyList<string> Folders(string folder)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(folder, "*", Entries).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it is gone, or another disk's
        }
    }

    private static IReadOnlyList<FileSystemInfo> EntriesOf(string folder)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", Entries)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it is gone, or another disk's
        }
    }
}
