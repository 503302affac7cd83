using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>Lists checkpoints in folders.</summary>
internal static class ModelFiles
{
    /// <summary>How many folders deep collections are searched.</summary>
    public const int Deepest = 8;

    private const int MostFiles = 2000;

    private static readonly string[] Extensions = [".safetensors", ".sft", ".gguf", ".pth", ".pt", ".bin", ".ckpt"];

    /// <summary>Whether a file's name is that of a checkpoint, or of the index of several.</summary>
    public static bool IsCheckpoint(string path) =>
        Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) || ShardFiles.IsIndex(path);

    /// <summary>The checkpoints of a folder, in the order of their names; of several shards only what stands for them.</summary>
    /// <param name="folder">The folder, which need not exist.</param>
    /// <param name="depth">How many folders deep to look.</param>
    /// <exception cref="CheckpointException">There are too many to look at.</exception>
    public static IReadOnlyList<string> In(string folder, int depth = 0)
    {
        List<string> files = [.. FolderSearch.Files(folder, depth).Where(IsCheckpoint).Take(MostFiles + 1)];
        return files.Count <= MostFiles
            ? Listed(files)
            : throw new CheckpointException(folder, $"more than {MostFiles} checkpoints are below it; name one of them.");
    }

    /// <summary>The nearest checkpoints of several folders that nobody named, as <see cref="In"/> lists them; each once.</summary>
    public static IReadOnlyList<string> Near(IEnumerable<(string Folder, int Depth)> folders) =>
        [.. folders.SelectMany(place => Nearest(place.Folder, place.Depth)).Distinct()];

    /// <summary>Whether there is a checkpoint in a folder, or below it.</summary>
    public static bool AnyIn(string folder) => FolderSearch.Files(folder, Deepest, mayStop: true).Any(IsCheckpoint);

    /// <summary>Files without those that are links to another of them; of several links to one the shortest path.</summary>
    public static IEnumerable<string> Different(IEnumerable<string> files) =>
        files
            .GroupBy(file => ShardFiles.IsIndex(file) ? file : RealPath(file))
            .Select(same => same.MinBy(file => file.Count(c => c == Path.DirectorySeparatorChar))!);

    /// <summary>The file that a path leads to if it is a link; a path that cannot be resolved is itself.</summary>
    public static string RealPath(string path)
    {
        try
        {
            return FileFacts.RealPath(path);
        }
        catch (IOException)
        {
            return Path.GetFullPath(path); // links in a circle
        }
    }

    private static IReadOnlyList<string> Nearest(string folder, int depth) =>
        Listed(FolderSearch.Files(folder, depth, mayStop: true).Where(IsCheckpoint).Take(MostFiles));

    private static IReadOnlyList<string> Listed(IEnumerable<string> files) =>
        [.. files.Order(StringComparer.Ordinal).Select(ShardFiles.SetOf).Distinct()];
}
