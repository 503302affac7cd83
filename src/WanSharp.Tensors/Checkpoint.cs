namespace WanSharp.Tensors;

/// <summary>Opens checkpoints of any layout, and looks into them.</summary>
public static class Checkpoint
{
    private const string Extension = ".safetensors";
    private const string IndexExtension = Extension + ".index.json";

    /// <summary>Opens a safetensors file, an index of several, or a folder that holds exactly one checkpoint.</summary>
    /// <exception cref="CheckpointException">There is no checkpoint, there are several, or it cannot be read.</exception>
    public static ICheckpoint Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = Directory.Exists(path) ? Find(path) : path;
        return file.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? ShardedCheckpoint.Open(file) : SafetensorsFile.Open(file);
    }

    /// <summary>One tensor by name.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or it is among <see cref="ICheckpoint.Unsupported"/>.</exception>
    public static Tensor Get(this ICheckpoint checkpoint, string name)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (checkpoint.Tensors.TryGetValue(name, out var tensor))
        {
            return tensor;
        }

        throw new CheckpointException(checkpoint.Path, name, checkpoint.Unsupported.TryGetValue(name, out var dtype)
            ? $"its element type {dtype} is not supported; convert it to one of {string.Join(", ", Enum.GetValues<DType>().Select(known => known.Name()))}."
            : "it is missing; is this another network's checkpoint, or one shard of several?");
    }

    private static string Find(string folder)
    {
        var files = Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).ToList();
        var indexes = files.FindAll(file => file.EndsWith(IndexExtension, StringComparison.OrdinalIgnoreCase));

        // Beside an index the files are its shards.
        var found = indexes.Count > 0 ? indexes : files.FindAll(file => file.EndsWith(Extension, StringComparison.OrdinalIgnoreCase));
        return found.Count switch
        {
            1 => found[0],
            0 => throw new CheckpointException(folder, $"the folder has no {Extension} file; name the file or the folder that has it."),
            _ => throw new CheckpointException(folder, $"the folder has {found.Count} checkpoints; name one of {string.Join(", ", found.Take(5).Select(Path.GetFileName))}."),
        };
    }
}
