using System.Buffers.Binary;
using WanSharp.Tensors.Gguf;
using WanSharp.Tensors.Torch;

namespace WanSharp.Tensors;

/// <summary>Opens checkpoints of any layout, and looks into them.</summary>
public static class Checkpoint
{
    private const string Extension = ".safetensors";
    private const string IndexExtension = Extension + ".index.json";
    private const int SniffedLength = sizeof(long) + 1;

    /// <summary>
    /// Opens a safetensors, GGUF or PyTorch file, an index of several safetensors files, or a folder that holds exactly one
    /// safetensors checkpoint. A file's contents say what it is, not its name.
    /// </summary>
    /// <exception cref="CheckpointException">There is no checkpoint, there are several, or it cannot be read.</exception>
    public static ICheckpoint Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = Directory.Exists(path) ? Find(path) : path;
        Span<byte> start = stackalloc byte[SniffedLength];
        start = start[..ReadStart(file, start)];
        if (start.StartsWith(GgufFile.Magic))
        {
            return GgufFile.Open(file);
        }

        if (start.StartsWith(TorchFile.ZipMagic) || start.StartsWith(TorchFile.PickleMagic))
        {
            return TorchFile.Open(file);
        }

        // An index is JSON from its first byte on, a safetensors file has a length before it.
        var isHeader = start.Length == SniffedLength && start[^1] == '{' && BinaryPrimitives.ReadUInt64LittleEndian(start) <= SafetensorsHeader.MaxLength;
        return !isHeader && (start.StartsWith((byte)'{') || file.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) ? ShardedCheckpoint.Open(file) : SafetensorsFile.Open(file);
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

    private static int ReadStart(string path, Span<byte> start)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new CheckpointException(path, $"the file cannot be opened: {e.Message}", e);
        }
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
