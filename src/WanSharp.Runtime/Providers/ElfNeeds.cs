using System.Buffers.Binary;
using System.Text;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Providers;

/// <summary>What a library of Linux asks the system's loader for: the names in its dynamic section.</summary>
/// <remarks>64 bits, little-endian, as on every platform that .NET runs on. Source of the layout: the System V ABI, chapter 5.</remarks>
internal static class ElfNeeds
{
    private const int HeaderSize = 64;
    private const int SegmentSize = 56;
    private const int EntrySize = 16;
    private const int LongestTable = 64 << 20;

    /// <summary>The names, in the file's order; null for a file that is no such library, or a damaged one.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<string>? Read(string path)
    {
        using var file = PlainFile.OpenRead(path);
        var header = At(file, 0, HeaderSize);
        if (header is null || !header.AsSpan(0, 6).SequenceEqual("\u007fELF\u0002\u0001"u8))
        {
            return null;
        }

        var (offset, count) = (Number(header, 32), BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(56)));
        var segments = At(file, offset, count * SegmentSize)?.Chunk(SegmentSize).Select(Segment.Of).ToList();
        if (
            segments?.FirstOrDefault(segment => segment.IsDynamic) is not { } dynamic
            || At(file, dynamic.Offset, dynamic.Size) is not { } section
        )
        {
            return null;
        }

        const ulong Needed = 1;
        const ulong Strings = 5;
        const ulong StringBytes = 10;
        var entries = section
            .Chunk(EntrySize)
            .Where(entry => entry.Length == EntrySize)
            .Select(entry => (Tag: Number(entry, 0), Value: Number(entry, 8)))
            .ToList();
        var address = entries.FirstOrDefault(entry => entry.Tag == Strings).Value;
        var size = entries.FirstOrDefault(entry => entry.Tag == StringBytes).Value;
        var place = segments.FirstOrDefault(segment => segment.Holds(address));
        return place is not null && At(file, place.Offset + (address - place.Address), size) is { } strings
            ? [.. entries.Where(entry => entry.Tag == Needed).Select(entry => Text(strings, entry.Value))]
            : null;
    }

    private static byte[]? At(FileStream file, ulong offset, ulong size)
    {
        if (size > LongestTable || offset > (ulong)file.Length || size > (ulong)file.Length - offset)
        {
            return null;
        }

        var bytes = new byte[size];
        file.Position = (long)offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    private static byte[]? At(FileStream file, ulong offset, int size) => At(file, offset, (ulong)size);

    private static ulong Number(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(offset));

    private static string Text(byte[] strings, ulong offset)
    {
        var rest = strings.AsSpan((int)Math.Min(offset, (ulong)strings.Length));
        var end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    /// <summary>A part of the file that is mapped.</summary>
    private sealed record Segment(uint Kind, ulong Offset, ulong Address, ulong Size)
    {
        public bool IsDynamic => Kind == 2;

        public static Segment Of(byte[] bytes) =>
            new(BinaryPrimitives.ReadUInt32LittleEndian(bytes), Number(bytes, 8), Number(bytes, 16), Number(bytes, 32));

        public bool Holds(ulong address) => Kind == 1 && address >= Address && address - Address < Size;
    }
}
