using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace WanSharp.Tensors;

/// <summary>One safetensors file, mapped into memory.</summary>
public sealed unsafe class SafetensorsFile : ICheckpoint
{
    private const int PrefixLength = sizeof(long);

    private readonly MemoryMappedFile _file;
    private readonly SafeMemoryMappedViewHandle _view;

    private SafetensorsFile(string path, MemoryMappedFile file, SafeMemoryMappedViewHandle view, SafetensorsHeader header, long dataStart)
    {
        Path = path;
        _file = file;
        _view = view;
        Metadata = header.Metadata;
        var tensors = new Dictionary<string, Tensor>(header.Entries.Count);
        var unsupported = new Dictionary<string, string>();
        foreach (var (name, entry) in header.Entries)
        {
            if (DTypeExtensions.TryParse(entry.DType, out var dtype))
            {
                tensors.Add(name, Tensor.View(view, dataStart + entry.Begin, dtype, entry.Shape, isReadOnly: true));
            }
            else
            {
                unsupported.Add(name, entry.DType);
            }
        }

        Tensors = tensors;
        Unsupported = unsupported;
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Unsupported { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Maps a file and checks its header; tensors are read when they are touched.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, or breaks a rule of the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = Map(path, out var length);
        try
        {
            // The accessor only wraps the handle: disposing the handle unmaps.
            var view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read).SafeMemoryMappedViewHandle;
            try
            {
                return Parse(path, file, view, length);
            }
            catch
            {
                view.Dispose();
                throw;
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Ends every view of the file.</summary>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private static MemoryMappedFile Map(string path, out long length)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            length = stream.Length;
            if (length < PrefixLength)
            {
                throw new CheckpointException(path, $"it has {length} bytes: no safetensors file; is the download complete?");
            }

            return MemoryMappedFile.CreateFromFile(stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        }
        catch (Exception e)
        {
            stream?.Dispose();
            if (e is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                throw new CheckpointException(path, $"the file cannot be opened: {e.Message}", e);
            }

            throw;
        }
    }

    private static SafetensorsFile Parse(string path, MemoryMappedFile file, SafeMemoryMappedViewHandle view, long length)
    {
        var start = (byte*)view.DangerousGetHandle();
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(start, PrefixLength));
        if (headerLength > SafetensorsHeader.MaxLength || (long)headerLength > length - PrefixLength)
        {
            throw new CheckpointException(path, $"its header claims {headerLength} bytes, of {length} in the file and {SafetensorsHeader.MaxLength} allowed: no safetensors file, or damaged.");
        }

        var dataStart = PrefixLength + (long)headerLength;
        var json = new ReadOnlySpan<byte>(start + PrefixLength, (int)headerLength);
        return new SafetensorsFile(path, file, view, SafetensorsHeader.Parse(path, json, length - dataStart), dataStart);
    }
}
