using WanSharp.Tensors;

namespace WanSharp.Models.Layout;

/// <summary>Lists checkpoints in folders.</summary>
internal static class ModelFiles
{
    private const int MostFiles = 2000;

    private static readonly string[] Extensions = [".safetensors", ".sft", ".gguf", ".pth", ".pt", ".bin", ".ckpt"];

    /// <summary>Whether a file's name is that of a checkpoint, or of the index of several.</summary>
    public static bool IsCheckpoint(string path) => Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) || ShardFiles.IsIndex(path);

    /// <summary>The checkpoints of a folder, in the order of their names; of several shards only what stands for them.</summary>
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
        return files.Count <= MostFiles
            ? [.. files.Select(ShardFiles.SetOf).Distinct()]
            : throw new CheckpointException(folder, $"more than {MostFiles} checkpoints are below it; name one of them.");
    }
}
