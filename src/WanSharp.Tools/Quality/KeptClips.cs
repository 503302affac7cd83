using System.Collections;
using Microsoft.Win32.SafeHandles;
using WanSharp.Tensors;

namespace WanSharp.Tools.Quality;

/// <summary>
/// Frames of clips that others are compared with later. They are in files, for a clip of 81 frames in 720p has 224 MB of them.
/// Disposing removes the files. Not thread-safe.
/// </summary>
/// <param name="parent">The folder in which they are kept, which must exist. Default: the system's for temporary files.</param>
internal sealed class KeptClips(string? parent = null) : IDisposable
{
    private readonly WorkFolder _folder = parent is null ? WorkFolder.CreateTemporary() : WorkFolder.Create(parent);
    private readonly List<SafeFileHandle> _files = [];

    /// <summary>Keeps a clip.</summary>
    /// <param name="frames">Its frames, all of one size.</param>
    /// <returns>The same frames, each read when it is asked for.</returns>
    /// <exception cref="IOException">They cannot be written.</exception>
    public IReadOnlyList<byte[]> Keep(IReadOnlyList<byte[]> frames)
    {
        var file = File.OpenHandle(_folder[$"{_files.Count}.rgb"], FileMode.CreateNew, FileAccess.ReadWrite);
        _files.Add(file);
        var bytes = frames.Count > 0 ? frames[0].Length : 0;
        for (var i = 0; i < frames.Count; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(frames[i].Length, bytes, nameof(frames));
            RandomAccess.Write(file, frames[i], (long)i * bytes);
        }

        return new Frames(file, frames.Count, bytes);
    }

    public void Dispose()
    {
        _files.ForEach(file => file.Dispose());
        _folder.Dispose();
    }

    private sealed class Frames(SafeFileHandle file, int count, int bytes) : IReadOnlyList<byte[]>
    {
        public int Count => count;

        public byte[] this[int index]
        {
            get
            {
                ArgumentOutOfRangeException.ThrowIfNegative(index);
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
                var frame = new byte[bytes];
                for (var read = 0; read < bytes; )
                {
                    var more = RandomAccess.Read(file, frame.AsSpan(read), ((long)index * bytes) + read);
                    read += more > 0 ? more : throw new EndOfStreamException("A clip that is kept to be compared with was cut.");
                }

                return frame;
            }
        }

        public IEnumerator<byte[]> GetEnumerator() => Enumerable.Range(0, count).Select(i => this[i]).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
