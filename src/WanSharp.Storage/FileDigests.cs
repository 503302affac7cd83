using System.Collections.Concurrent;
using System.Globalization;
using WanSharp.Tensors;

namespace WanSharp.Storage;

/// <summary>
/// SHA-256 of files, noted in a folder so that gigabytes are read once: a file of the same path, length and times of its
/// creation and last change is taken to have the same content.
/// </summary>
/// <remarks>Thread-safe, also among processes. A note that is damaged, or cannot be read or written, only costs reading the file
/// again.</remarks>
/// <param name="folder">Where the notes are; made when the first one is. Null: what was read is remembered in this object alone.</param>
public sealed class FileDigests(string? folder)
{
    /// <summary>Smaller files are read faster than they are worth a note.</summary>
    private const long SmallestNoted = 1 << 20;

    private readonly ConcurrentDictionary<string, string> _known = []; // in this process, whatever becomes of the notes

    /// <summary>The digest of several files together, in their order, in lower-case hexadecimal.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public string Of(IEnumerable<string> paths, CancellationToken cancellationToken) =>
        Digests.OfText(string.Join('\n', OfEach([.. paths], read: null, cancellationToken)));

    /// <summary>The digest of each file, in lower-case hexadecimal; files are read at the same time.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="read">Receives the bytes that were read, or needed not be, since the last report; from any thread.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public IReadOnlyList<string> OfEach(IReadOnlyList<string> paths, Action<long>? read, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var digests = new string[paths.Count];
        Parallel.For(
            0,
            paths.Count,
            new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount },
            i => digests[i] = Of(paths[i], read, cancellationToken)
        );
        return digests;
    }

    /// <summary>
    /// The digest of several files together as <see cref="Of(IEnumerable{string}, CancellationToken)"/> gives it, if that reads
    /// no large file; null otherwise.
    /// </summary>
    /// <param name="paths">The files.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public string? Find(IEnumerable<string> paths)
    {
        List<string> files = [.. paths];
        return files.All(IsKnown) ? Of(files, CancellationToken.None) : null;

        bool IsKnown(string path) =>
            IdentityOf(path, out var length) is var identity && (length < SmallestNoted || Known(identity) is not null);
    }

    private string Of(string path, Action<long>? read, CancellationToken cancellationToken)
    {
        var identity = IdentityOf(path, out var length);
        if (length < SmallestNoted)
        {
            return Read(path, read, cancellationToken);
        }

        if (Known(identity) is { } known)
        {
            read?.Invoke(length);
            return known;
        }

        var digest = Read(path, read, cancellationToken);
        if (IdentityOf(path, out _) == identity) // not one that was changed meanwhile
        {
            _known[identity] = digest;
            TryWrite(identity, digest);
        }

        return digest;
    }

    private string? Known(string identity)
    {
        if (!_known.TryGetValue(identity, out var digest) && folder is not null && TryRead(NoteOf(folder, identity)) is { } noted)
        {
            _known[identity] = digest = noted;
        }

        return digest;
    }

    private static string NoteOf(string folder, string identity) => Path.Combine(folder, Digests.OfText(identity));

    private static string IdentityOf(string path, out long length)
    {
        var file = FileFacts.Of(path);
        length = file.Length;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{file.FullName}\n{length}\n{file.LastWriteTimeUtc.Ticks}\n{file.CreationTimeUtc.Ticks}"
        );
    }

    private static string? TryRead(string note)
    {
        try
        {
            return
                File.Exists(note) && PlainFile.ReadAllText(note) is { Length: Digests.Length } text && text.All(char.IsAsciiHexDigitLower)
                ? text
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void TryWrite(string identity, string digest)
    {
        if (folder is null)
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(folder);
            AtomicFile.Write(NoteOf(folder, identity), digest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be written: the file is read again the next time.
        }
    }

    private static string Read(string path, Action<long>? read, CancellationToken cancellationToken)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        return Digests.OfStream(stream, long.MaxValue, read, cancellationToken);
    }
}
