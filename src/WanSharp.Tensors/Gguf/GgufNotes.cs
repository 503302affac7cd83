namespace WanSharp.Tensors.Gguf;

/// <summary>The notes of a GGUF file, long lists such as a tokenizer's pieces among them. Not thread-safe.</summary>
public sealed class GgufNotes : IDisposable
{
    private readonly MappedFile _file;
    private readonly GgufHeader _header;

    private GgufNotes(MappedFile file, GgufHeader header) => (_file, _header) = (file, header);

    /// <summary>The notes, as <see cref="ICheckpoint.Metadata"/> has them: of long lists only their length.</summary>
    public IReadOnlyDictionary<string, string> Values => _header.Metadata;

    /// <summary>Maps a file and reads its header.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It cannot be read, or is not a GGUF file.</exception>
    public static GgufNotes Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = MappedFile.Open(path, GgufFile.Magic.Length);
        try
        {
            return file.Bytes(0, GgufFile.Magic.Length).SequenceEqual(GgufFile.Magic)
                ? new GgufNotes(file, GgufHeader.Read(file))
                : throw new CheckpointException(path, "it is not a GGUF file.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The texts of a list, as bytes; null if there is no list of texts of this name.</summary>
    /// <param name="key">The note's name.</param>
    /// <param name="most">The most entries that the list may have.</param>
    /// <exception cref="CheckpointException">It has more.</exception>
    public IReadOnlyList<byte[]>? ReadTexts(string key, int most) => _header.ReadTexts(key, most);

    /// <summary>The numbers of a list; null if there is no list of numbers of this name.</summary>
    /// <inheritdoc cref="ReadTexts"/>
    public IReadOnlyList<double>? ReadNumbers(string key, int most) => _header.ReadNumbers(key, most);

    /// <summary>Unmaps the file.</summary>
    public void Dispose() => _file.Dispose();
}
