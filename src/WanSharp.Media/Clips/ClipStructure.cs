using System.Buffers.Binary;
using WanSharp.Tensors;

namespace WanSharp.Media.Clips;

/// <summary>Tells clips and pictures that are cut short, by how their containers end. Reads a few bytes of each. Thread-safe.</summary>
public static class ClipStructure
{
    private const int MostParts = 100_000;

    /// <summary>Whether a file is as long as its container says. Of a kind that is not known here, any that is not empty.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static bool IsWhole(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var file = PlainFile.OpenRead(path);
        var head = new byte[16];
        var count = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return count > 0
            && Path.GetExtension(path).ToLowerInvariant() switch
            {
                ".mp4" or ".mov" or ".m4v" => HasWholeBoxes(file),
                ".webm" or ".mkv" => head.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]) && HasWholeElements(file),
                ".gif" => head.AsSpan().StartsWith("GIF8"u8) && Ends(file, ";"u8),
                ".png" or ".apng" => head.AsSpan(1).StartsWith("PNG"u8) && Ends(file, [.. "IEND"u8, 0xAE, 0x42, 0x60, 0x82]),
                ".webp" => head.AsSpan().StartsWith("RIFF"u8)
                    && BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4)) + 8L <= file.Length,
                _ => true,
            };
    }

    /// <summary>Boxes of MP4: each says its length, and one of them holds the index.</summary>
    private static bool HasWholeBoxes(FileStream file)
    {
        var (at, hasIndex, head) = (0L, false, new byte[16]);
        for (var part = 0; part < MostParts && at < file.Length; part++)
        {
            file.Position = at;
            if (file.ReadAtLeast(head, 8, throwOnEndOfStream: false) < 8)
            {
                return false;
            }

            long length = BinaryPrimitives.ReadUInt32BigEndian(head);
            length =
                length == 1 ? (long)BinaryPrimitives.ReadUInt64BigEndian(head.AsSpan(8))
                : length == 0 ? file.Length - at
                : length;
            if (length < 8 || length > file.Length - at)
            {
                return false;
            }

            hasIndex |= head.AsSpan(4, 4).SequenceEqual("moov"u8);
            at += length;
        }

        return hasIndex && at == file.Length;
    }

    /// <summary>
    /// Elements of Matroska: a header, then a segment, each with its length; one of unknown length was written by a program that
    /// was stopped.
    /// </summary>
    private static bool HasWholeElements(FileStream file)
    {
        var at = 0L;
        for (var part = 0; part < MostParts && at < file.Length; part++)
        {
            file.Position = at;
            if (
                Number(file, keepsMark: true) is null
                || Number(file, keepsMark: false) is not { } length
                || length > file.Length - file.Position
            )
            {
                return false;
            }

            at = file.Position + length;
        }

        return at == file.Length;
    }

    /// <summary>A number of Matroska: its first byte tells how many follow; null for none, and for "unknown".</summary>
    private static long? Number(FileStream file, bool keepsMark)
    {
        var first = file.ReadByte();
        if (first <= 0)
        {
            return null;
        }

        var extra = int.LeadingZeroCount(first) - 24;
        var (value, isUnknown) = (
            keepsMark ? first : (long)first & (0x7F >> extra),
            !keepsMark && (first & (0x7F >> extra)) == 0x7F >> extra
        );
        for (var i = 0; i < extra; i++)
        {
            var next = file.ReadByte();
            if (next < 0)
            {
                return null;
            }

            isUnknown &= next == 0xFF;
            value = (value << 8) | (uint)next;
        }

        return isUnknown ? null : value;
    }

    private static bool Ends(FileStream file, ReadOnlySpan<byte> end)
    {
        file.Position = Math.Max(0, file.Length - end.Length);
        var tail = new byte[end.Length];
        return file.ReadAtLeast(tail, tail.Length, throwOnEndOfStream: false) == tail.Length && tail.AsSpan().SequenceEqual(end);
    }
}
