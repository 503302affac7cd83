using System.Globalization;

namespace WanSharp.Tensors.Gguf;

/// <summary>One GGUF file, mapped into memory. Its tensors have the shapes of the network that was converted.</summary>
internal sealed class GgufFile : ICheckpoint
{
    /// <summary>The first four bytes of every GGUF file.</summary>
    public static ReadOnlySpan<byte> Magic => "GGUF"u8;

    // What ComfyUI-GGUF notes when it stored a tensor under other dimensions (city96/ComfyUI-GGUF:loader.py).
    private const string ShapeKey = "comfy.gguf.orig_shape.";

    private readonly MappedFile _file;
    private readonly Dictionary<string, Tensor> _tensors = [];
    private readonly Dictionary<string, string> _unsupported = [];

    private GgufFile(MappedFile file, GgufHeader header)
    {
        _file = file;
        Metadata = header.Metadata;
        RequireLayout(header);
        foreach (var entry in header.Tensors)
        {
            if (GgufTypes.Find(entry.Type) is { } dtype)
            {
                _tensors.Add(entry.Name, Map(entry, dtype, header));
            }
            else
            {
                _unsupported.Add(entry.Name, GgufTypes.Name(entry.Type));
            }
        }
    }

    /// <inheritdoc/>
    public string Path => _file.Path;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Unsupported => _unsupported;

    /// <summary>Numbers and lists in invariant notation; of long lists (a tokenizer's) only their length.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Maps a file and checks its header; tensors are read when they are touched.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, or breaks a rule of the format.</exception>
    public static GgufFile Open(string path)
    {
        var file = MappedFile.Open(path, Magic.Length);
        try
        {
            return new GgufFile(file, GgufHeader.Read(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Ends every view of the file.</summary>
    public void Dispose() => _file.Dispose();

    private Tensor Map(GgufHeader.Entry entry, DType dtype, GgufHeader header)
    {
        if (entry.Dims.Length > 0 && entry.Dims[0] % dtype.BlockLength() != 0)
        {
            throw new CheckpointException(
                Path,
                entry.Name,
                $"rows of {entry.Dims[0]} elements do not fill the blocks of {dtype.BlockLength()} that "
                    + $"{dtype.Name()} has; the file is damaged."
            );
        }

        try
        {
            var stored = Shape.Create([.. entry.Dims.Reverse()]); // GGUF lists the innermost dimension first
            var length = dtype.ByteLength(stored.ElementCount);
            var available = Math.Max(0, _file.Length - header.DataStart);
            if (length > available || entry.Offset > available - length)
            {
                throw new CheckpointException(
                    Path,
                    entry.Name,
                    $"its {length} bytes at {entry.Offset} lie beyond the file's {available} bytes of data; is the download complete?"
                );
            }

            return _file.Tensor(header.DataStart + entry.Offset, dtype, OriginalShape(entry.Name, stored, header));
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            throw new CheckpointException(Path, entry.Name, e.Message);
        }
    }

    /// <summary>
    /// A tensor begins where the one before it ends, up to the alignment: the format says so, and a type of another length
    /// than the bytes that are there shows by it.
    /// </summary>
    private void RequireLayout(GgufHeader header)
    {
        (string Name, Int128 End)? before = null;
        foreach (var entry in header.Tensors.OrderBy(entry => entry.Offset))
        {
            if (before is { } last && (entry.Offset < last.End || entry.Offset - last.End >= header.Alignment))
            {
                throw new CheckpointException(
                    Path,
                    last.Name,
                    $"its type and shape make it end at byte {last.End} of the data, but the next tensor "
                        + $"{CheckpointException.Quote(entry.Name)} "
                        + $"begins at {entry.Offset}; the file is damaged."
                );
            }

            before = GgufTypes.ByteLength(entry.Type, entry.Dims) is { } length ? (entry.Name, entry.Offset + length) : null;
        }

        if (
            before is { } final
            && header.DataStart + final.End <= _file.Length
            && !_file.IsPadding((long)(header.DataStart + final.End), header.Alignment)
        )
        {
            throw new CheckpointException(
                Path,
                final.Name,
                $"its type and shape make the data end at byte {final.End}, long before the file does; the file is damaged."
            );
        }
    }

    private Shape OriginalShape(string tensor, Shape stored, GgufHeader header)
    {
        if (!header.Lists.TryGetValue(ShapeKey + tensor, out var list))
        {
            return stored;
        }

        var dims = new long[list.Count];
        for (var i = 0; i < dims.Length; i++)
        {
            if (!long.TryParse(list[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out dims[i]))
            {
                throw new CheckpointException(
                    Path,
                    tensor,
                    $"its {ShapeKey} lists {CheckpointException.Quote(list[i])}, which is not a dimension."
                );
            }
        }

        var original = Shape.Create(dims);
        return original.ElementCount == stored.ElementCount
            ? original
            : throw new CheckpointException(
                Path,
                tensor,
                $"it is stored as {stored}, which {ShapeKey} calls {original}: another number of elements; the file is damaged."
            );
    }
}
