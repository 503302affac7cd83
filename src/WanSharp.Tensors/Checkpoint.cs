using System.Buffers.Binary;
using WanSharp.Tensors.Gguf;
using WanSharp.Tensors.Torch;

namespace WanSharp.Tensors;

/// <summary>Opens checkpoints of any layout, and looks into them.</summary>
public static class Checkpoint
{
    private const string Extension = ".safetensors";
    private const int HeaderStart = sizeof(long) + 1;
    private const string Unfinished = ".aria2";

    // What browsers and download tools add to a file's name until it is whole.
    private static readonly string[] PartEndings =
    [
        ".crdownload",
        ".part",
        ".partial",
        ".incomplete",
        ".download",
        ".downloading", // Baidu's, too
        ".opdownload",
        ".fdmdownload",
        ".filepart",
        ".xltd", // Thunder
        ".td",
        ".!qB",
        ".!ut",
        ".bc!",
        "._____temp", // ModelScope
    ];

    /// <summary>
    /// Opens a safetensors, GGUF or PyTorch file, an index of several files, or a folder that holds exactly one safetensors
    /// checkpoint. One of several shards stands for all of them. A file's contents say what it is, not its name.
    /// </summary>
    /// <exception cref="CheckpointException">There is no checkpoint, there are several, or it cannot be read.</exception>
    public static ICheckpoint Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = ShardFiles.SetOf(Directory.Exists(path) ? Find(path) : path);
        return ShardFiles.IsShard(file) ? ShardedCheckpoint.OpenTogether(file)
            : file.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? ShardedCheckpoint.Open(file)
            : OpenFile(file);
    }

    /// <summary>Whether a file has the name that download tools give to one that is not whole yet.</summary>
    public static bool IsUnfinished(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return PartEndings.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Opens one file, whatever its format.</summary>
    internal static ICheckpoint OpenFile(string file)
    {
        RequireContents(file);
        Span<byte> start = stackalloc byte[OtherContents.SniffedLength];
        start = start[..ReadStart(file, start)];
        RequireFinished(file);
        if (start.StartsWith(GgufFile.Magic))
        {
            return GgufFile.Open(file);
        }

        // Before the pickle, which begins with two bytes that a header's length can have, too.
        if (IsSafetensors(start))
        {
            return SafetensorsFile.Open(file);
        }

        return start.StartsWith(TorchFile.ZipMagic) || TorchFile.IsPickle(start) ? TorchFile.Open(file)
            : OtherContents.Describe(start) is { } other ? throw new CheckpointException(file, other)
            : SafetensorsFile.Open(file);
    }

    /// <summary>Refuses a file of no length without opening it: a pipe would wait for its other end for ever.</summary>
    private static void RequireContents(string file)
    {
        if (File.Exists(file) && !File.Exists(file + Unfinished) && FileFacts.Of(file) is { Exists: true, Length: 0 })
        {
            throw new CheckpointException(
                file,
                "it is empty, or no file on a disk (a pipe, a device): if it was downloaded, download it again."
            );
        }
    }

    /// <summary>Refuses a file that a download tool has not finished: it has its full length from the beginning.</summary>
    private static void RequireFinished(string file)
    {
        if (File.Exists(file + Unfinished))
        {
            throw new CheckpointException(
                file,
                $"its download is not complete: aria2's {Path.GetFileName(file)}{Unfinished} is next to it. Let "
                    + "aria2 finish it, or download the file again."
            );
        }
    }

    /// <summary>A safetensors file has a length before its JSON.</summary>
    private static bool IsSafetensors(ReadOnlySpan<byte> start) =>
        start.Length >= HeaderStart
        && start[HeaderStart - 1] == '{'
        && BinaryPrimitives.ReadUInt64LittleEndian(start) <= SafetensorsHeader.MaxLength;

    /// <summary>One tensor by name.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or it is among <see cref="ICheckpoint.Unsupported"/>.</exception>
    public static Tensor Get(this ICheckpoint checkpoint, string name)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (checkpoint.Tensors.TryGetValue(name, out var tensor))
        {
            return tensor;
        }

        throw new CheckpointException(
            checkpoint.Path,
            name,
            checkpoint.Unsupported.TryGetValue(name, out var dtype)
                ? $"its element type {dtype} is not supported; convert it to one of "
                    + $"{string.Join(", ", Enum.GetValues<DType>().Select(known => known.Name()))}."
                : "it is missing; is this another network's checkpoint, or one shard of several?"
        );
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
            var isMissing = e is FileNotFoundException or DirectoryNotFoundException;
            throw new CheckpointException(
                path,
                PartEndings.Select(ending => path + ending).FirstOrDefault(File.Exists) is { } part
                        ? $"its download is not complete: {Path.GetFileName(part)} is there instead. Let it finish, or download the file "
                            + "again."
                    : isMissing && HubDownloads.FindPart(Path.GetDirectoryName(Path.GetFullPath(path))!) is { } left
                        ? $"it is not there, and the download is not complete: {left} is a part of it. Run the download again; it goes on."
                    : isMissing
                        ? PackedNames.Instead(path) is { } packed ? $"there is no such file, but {packed}"
                            : "there is no such file: check the path."
                    : $"the file cannot be opened: {e.Message}",
                e
            );
        }
    }

    private static string Find(string folder)
    {
        var files = Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).ToList();
        var indexes = files.FindAll(ShardFiles.IsIndex);

        // The files next to an index are its shards.
        List<string> found =
            indexes.Count > 0
                ? indexes
                :
                [
                    .. files
                        .Where(file => file.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
                        .Select(ShardFiles.SetOf)
                        .Distinct(),
                ];
        return found.Count switch
        {
            1 => found[0],
            0 => throw new CheckpointException(folder, $"the folder has no {Extension} file; name the file or the folder that has it."),
            _ => throw new CheckpointException(
                folder,
                $"the folder has {found.Count} checkpoints; name one of {string.Join(", ", found.Take(5).Select(Path.GetFileName))}."
            ),
        };
    }
}
