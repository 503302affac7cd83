using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>Lists checkpoints in folders.</summary>
internal static partial class ModelFiles
{
    private const string IndexExtension = ".safetensors.index.json";
    private const int MostFiles = 2000;

    private static readonly string[] Extensions = [".safetensors", ".sft", ".gguf", ".pth", ".pt", ".bin", ".ckpt"];

    /// <summary>Whether a file's name is that of a checkpoint, or of the index of several.</summary>
    public static bool IsCheckpoint(string path) => Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) || IsIndex(path);

    /// <summary>The index beside a shard; the path itself if it is none, or there is none.</summary>
    public static string IndexOf(string path)
    {
        var index = ShardName().IsMatch(path) ? ShardName().Replace(path, IndexExtension) : path;
        return File.Exists(index) ? index : path;
    }

    /// <summary>The checkpoints of a folder, in the order of their names; of several shards only their index.</summary>
    /// <param name="folder">The folder; none need be there.</param>
    /// <param name="depth">How many folders deep to look.</param>
    /// <exception cref="CheckpointException">There are too many to look at.</exception>
    public static IReadOnlyList<string> In(string folder, int depth = 0)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        var options = new EnumerationOptions { RecurseSubdirectories = depth > 0, MaxRecursionDepth = depth, IgnoreInaccessible = true };
        List<string> files = [.. Directory.EnumerateFiles(folder, "*", options).Where(IsCheckpoint).Take(MostFiles + 1).Order(StringComparer.Ordinal)];
        var indexed = files.Where(IsIndex).Select(Path.GetDirectoryName).ToHashSet();
        return files.Count <= MostFiles
            ? [.. files.Where(file => !(indexed.Contains(Path.GetDirectoryName(file)) && ShardName().IsMatch(file)))]
            : throw new CheckpointException(folder, $"more than {MostFiles} checkpoints are below it; name one of them.");
    }

    private static bool IsIndex(string path) => path.EndsWith(IndexExtension, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"-\d+-of-\d+\.safetensors$", RegexOptions.IgnoreCase)]
    private static partial Regex ShardName();
}
