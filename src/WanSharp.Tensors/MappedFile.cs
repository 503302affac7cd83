using Microsoft.Win32.SafeHandles;

namespace WanSharp.Tensors;

/// <summary>A whole file mapped into memory for reading.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    // Formats allow less after the tensors, or nothing; some tools fill up a unit of the disk.
    private const int MostPadding = 1 << 16;

    private MappedFile(string path, MappedMemory view, long length) => (Path, View, Length) = (path, view, length);

    public string Path { get; }

    /// <summary>The file's length; the view is rounded up to whole pages.</summary>
    public long Length { get; }

    /// <summary>What tensors of the file are views of.</summary>
    public MappedMemory View { get; }

    /// <summary>Maps a file.</summary>
    /// <exception cref="CheckpointException">It cannot be opened, or is shorter than <paramref name="shortest"/>, at least 1.</exception>
    public static MappedFile Open(string path, int shortest)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var length = RandomAccess.GetLength(file);
            return length >= shortest
                ? new MappedFile(path, new MappedMemory(file), length)
                : throw new CheckpointException(path, $"it has {length} bytes: not a checkpoint; is the download complete?");
        }
        catch (Exception e)
        {
            file?.Dispose();
            if (e is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                throw new CheckpointException(path, $"the file cannot be opened: {e.Message}", e);
            }

            throw;
        }
    }

    /// <summary>Bytes of the file.</summary>
    /// <exception cref="CheckpointException">The file ends before them.</exception>
    public ReadOnlySpan<byte> Bytes(long start, int count)
    {
        if (start < 0 || count < 0 || start > Length - count)
        {
            throw new CheckpointException(
                Path,
                $"it ends at byte {Length}, before {count} bytes that it should have at {start}; is the download complete?"
            );
        }

        ObjectDisposedException.ThrowIf(View.IsClosed, this);
        return new ReadOnlySpan<byte>((byte*)View.DangerousGetHandle() + start, count);
    }

    /// <summary>Whether what follows a position is nothing, less than an alignment, or a few zeros.</summary>
    public bool IsPadding(long position, int alignment)
    {
        var rest = Length - position;
        return rest < alignment || (rest <= MostPadding && !Bytes(position, (int)rest).ContainsAnyExcept((byte)0));
    }

    /// <summary>A tensor within the file, read-only.</summary>
    public Tensor Tensor(long start, DType dtype, Shape shape) => Tensors.Tensor.View(View, start, dtype, shape, isReadOnly: true);

    public void Dispose() => View.Dispose();
}
