using System.Buffers.Binary;
using System.Text;

namespace WanSharp.Tensors.Torch;

/// <summary>The entries of a zip archive that are stored as they are, so that they can be read in place.</summary>
/// <remarks>The format: PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.5.3 (zip64). Nothing is ever decompressed.</remarks>
internal sealed class StoredZip
{
    private const int MaxEntries = 1 << 17;
    private const int LongestComment = ushort.MaxValue;
    private const int EndLength = 22;
    private const int Zip64LocatorLength = 20;
    private const int Zip64EndLength = 56;
    private const int EntryLength = 46;
    private const int LocalHeaderLength = 30;
    private const ushort Zip64Field = 1;
    private const uint InZip64Field = uint.MaxValue;

    private readonly MappedFile _file;
    private readonly Dictionary<string, Entry> _entries = [];

    private StoredZip(MappedFile file) => _file = file;

    /// <summary>The names of all entries.</summary>
    public IEnumerable<string> Names => _entries.Keys;

    /// <summary>Reads the archive's directory.</summary>
    /// <exception cref="CheckpointException">It is damaged.</exception>
    public static StoredZip Read(MappedFile file)
    {
        var zip = new StoredZip(file);
        var (position, count) = zip.FindDirectory();
        for (long i = 0; i < count; i++)
        {
            position = zip.ReadEntry(position);
        }

        return zip;
    }

    /// <summary>Where an entry's bytes are in the file, or null if there is no such entry.</summary>
    /// <exception cref="CheckpointException">It is compressed, or beyond the file's end.</exception>
    public (long Start, long Length)? Find(string name)
    {
        if (!_entries.TryGetValue(name, out var entry))
        {
            return null;
        }

        if (!entry.IsStored)
        {
            throw new CheckpointException(
                _file.Path,
                $"its entry {CheckpointException.Quote(name)} is compressed or encrypted; PyTorch stores tensors as they are."
            );
        }

        var local = Expect(entry.Offset, LocalHeaderLength, 0x04034B50, "an entry");
        var start = entry.Offset + LocalHeaderLength + UInt16(local, 26) + UInt16(local, 28);
        return start <= _file.Length - entry.Length
            ? (start, entry.Length)
            : throw new CheckpointException(
                _file.Path,
                $"its entry {CheckpointException.Quote(name)} goes beyond the file's end; is the download complete?"
            );
    }

    private (long Position, long Count) FindDirectory()
    {
        for (var end = _file.Length - EndLength; end >= Math.Max(0, _file.Length - EndLength - LongestComment); end--)
        {
            var record = _file.Bytes(end, EndLength);
            if (UInt32(record, 0) != 0x06054B50 || UInt16(record, 20) != _file.Length - end - EndLength)
            {
                continue;
            }

            var (position, count) = ((long)UInt32(record, 16), (long)UInt16(record, 10));
            if (end >= Zip64LocatorLength && UInt32(_file.Bytes(end - Zip64LocatorLength, Zip64LocatorLength), 0) == 0x07064B50)
            {
                var large = Expect(
                    Int64(_file.Bytes(end - Zip64LocatorLength, Zip64LocatorLength), 8),
                    Zip64EndLength,
                    0x06064B50,
                    "the zip64 directory"
                );
                (position, count) = (Int64(large, 48), Int64(large, 32));
            }

            return count is >= 0 and <= MaxEntries
                ? (position, count)
                : throw new CheckpointException(_file.Path, $"its zip directory claims {count} entries, more than {MaxEntries}.");
        }

        throw new CheckpointException(_file.Path, "it begins as a zip archive, but has no directory at its end; is the download complete?");
    }

    private long ReadEntry(long position)
    {
        var record = Expect(position, EntryLength, 0x02014B50, "the zip directory");
        var (nameLength, extraLength, commentLength) = (UInt16(record, 28), UInt16(record, 30), UInt16(record, 32));
        var name = Encoding.UTF8.GetString(_file.Bytes(position + EntryLength, nameLength));
        var extra = _file.Bytes(position + EntryLength + nameLength, extraLength);
        long stored = UInt32(record, 20),
            length = UInt32(record, 24),
            offset = UInt32(record, 42);
        for (; extra.Length >= 4; extra = extra[Math.Min(extra.Length, 4 + UInt16(extra, 2))..])
        {
            if (UInt16(extra, 0) == Zip64Field)
            {
                var wide = extra[4..];
                Widen(ref length, ref wide);
                Widen(ref stored, ref wide);
                Widen(ref offset, ref wide);
            }
        }

        var isStored = UInt16(record, 10) == 0 && (UInt16(record, 8) & 1) == 0 && stored == length;
        return length >= 0 && _entries.TryAdd(name, new Entry(offset, length, isStored))
            ? position + EntryLength + nameLength + extraLength + commentLength
            : throw new CheckpointException(_file.Path, $"its zip directory is damaged at {CheckpointException.Quote(name)}.");
    }

    /// <summary>Takes the 64-bit value that stands in the extra field when the 32-bit one is full.</summary>
    private static void Widen(ref long value, ref ReadOnlySpan<byte> wide)
    {
        if (value == InZip64Field && wide.Length >= sizeof(long))
        {
            value = Int64(wide, 0);
            wide = wide[sizeof(long)..];
        }
    }

    private ReadOnlySpan<byte> Expect(long position, int length, uint signature, string what)
    {
        var record = _file.Bytes(position, length);
        return UInt32(record, 0) == signature
            ? record
            : throw new CheckpointException(
                _file.Path,
                $"{what} is not where the zip archive says (byte {position}); the file is damaged."
            );
    }

    private static int UInt16(ReadOnlySpan<byte> record, int at) => BinaryPrimitives.ReadUInt16LittleEndian(record[at..]);

    private static uint UInt32(ReadOnlySpan<byte> record, int at) => BinaryPrimitives.ReadUInt32LittleEndian(record[at..]);

    private static long Int64(ReadOnlySpan<byte> record, int at) => BinaryPrimitives.ReadInt64LittleEndian(record[at..]);

    private readonly record struct Entry(long Offset, long Length, bool IsStored);
}
