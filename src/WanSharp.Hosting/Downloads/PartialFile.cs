using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Downloads;

/// <summary>
/// A file that is being fetched, and a journal of the bytes that are there. The journal only grows, by whole lines, after the bytes:
/// whenever the process is killed, what it says is true. Without a journal, all that the file has is its beginning. Thread-safe.
/// </summary>
internal sealed class PartialFile : IDisposable
{
    private const string JournalEnd = ".journal";

    private readonly Lock _gate = new();
    private readonly SafeFileHandle _file;
    private readonly FileStream _journal;
    private readonly List<(long From, long To)> _there = []; // in order, apart from each other

    private PartialFile(SafeFileHandle file, FileStream journal, bool isBeginning)
    {
        (_file, _journal) = (file, journal);
        if (isBeginning)
        {
            Note(0, RandomAccess.GetLength(file));
            return;
        }

        using var reader = new StreamReader(journal, Encoding.ASCII, leaveOpen: true);
        var lines = reader.ReadToEnd().Split('\n');
        var isSound = lines[^1].Length == 0; // the last line may be cut
        foreach (var line in lines[..^1])
        {
            isSound &= TryRead(line);
        }

        if (!isSound)
        {
            // Lines that are not true now must not become true when the file grows.
            var parts = _there.ToList();
            journal.SetLength(0);
            _there.Clear();
            parts.ForEach(part => Note(part.From, part.To));
        }

        journal.Seek(0, SeekOrigin.End);
    }

    /// <summary>How many bytes are there.</summary>
    public long Count
    {
        get
        {
            lock (_gate)
            {
                return _there.Sum(part => part.To - part.From);
            }
        }
    }

    /// <summary>The bytes after the last one that is there.</summary>
    public long End
    {
        get
        {
            lock (_gate)
            {
                return _there.Count == 0 ? 0 : _there[^1].To;
            }
        }
    }

    /// <summary>Opens a file, which need not exist, for this process alone.</summary>
    /// <exception cref="IOException">It cannot be opened, or another process has it.</exception>
    public static PartialFile Open(string path)
    {
        var isBeginning = File.Exists(path) && !File.Exists(path + JournalEnd);
        var journal = new FileStream(path + JournalEnd, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous);
            return new PartialFile(file, journal, isBeginning);
        }
        catch
        {
            file?.Dispose();
            journal.Dispose();
            throw;
        }
    }

    /// <summary>How many bytes a file has that is not open.</summary>
    public static long CountOf(string path)
    {
        if (!File.Exists(path))
        {
            return 0;
        }

        using var file = Open(path);
        return file.Count;
    }

    /// <summary>How many bytes a file has that may be open elsewhere: what its journal says, or its length.</summary>
    public static long Glance(string path)
    {
        try
        {
            return File.Exists(path + JournalEnd) ? CountOf(path) : FileFacts.Of(path).Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0; // another process has it, or it is gone
        }
    }

    /// <summary>Removes a file and its journal.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        File.Delete(path + JournalEnd);
    }

    /// <summary>Moves a file that is complete to its place, on the disk when this returns.</summary>
    public static void Finish(string path, string target)
    {
        AtomicFile.Publish(path, target, overwrite: true);
        File.Delete(path + JournalEnd);
    }

    /// <summary>The parts that are missing of the given number of bytes, in order.</summary>
    public IReadOnlyList<(long From, long To)> Missing(long length)
    {
        lock (_gate)
        {
            var missing = new List<(long, long)>();
            var at = 0L;
            foreach (var (from, to) in _there)
            {
                if (from > at)
                {
                    missing.Add((at, Math.Min(from, length)));
                }

                at = Math.Max(at, to);
            }

            if (at < length)
            {
                missing.Add((at, length));
            }

            return missing;
        }
    }

    /// <summary>Writes bytes, which do not count before <see cref="Note"/>.</summary>
    public ValueTask WriteAsync(long at, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        RandomAccess.WriteAsync(_file, bytes, at, cancellationToken);

    /// <summary>Notes bytes as being there.</summary>
    public void Note(long from, long to)
    {
        if (from == to)
        {
            return;
        }

        lock (_gate)
        {
            _journal.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{from} {to}\n")));
            Add(from, to);
        }
    }

    /// <summary>Forgets all bytes.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            RandomAccess.SetLength(_file, 0);
            _journal.SetLength(0);
            _journal.Seek(0, SeekOrigin.Begin);
            _there.Clear();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _journal.Dispose();
    }

    private bool TryRead(string line)
    {
        var words = line.Split(' ');
        if (
            words.Length != 2
            || !long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            || !long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var to)
            || from >= to
            || to > RandomAccess.GetLength(_file)
        )
        {
            return false;
        }

        Add(from, to);
        return true;
    }

    private void Add(long from, long to)
    {
        var first = _there.FindIndex(part => part.To >= from);
        if (first < 0)
        {
            _there.Add((from, to));
            return;
        }

        var last = first;
        for (; last < _there.Count && _there[last].From <= to; last++)
        {
            (from, to) = (Math.Min(from, _there[last].From), Math.Max(to, _there[last].To));
        }

        _there.RemoveRange(first, last - first);
        _there.Insert(first, (from, to));
    }
}
