using System.Buffers.Binary;
using System.Text;
using WanSharp.Tensors;

namespace WanSharp.Media.Metadata;

/// <summary>
/// The comment in a PNG: an iTXt chunk (UTF-8) with the keyword Comment, right after the header (PNG specification,
/// third edition, 11.3.3.4). ffmpeg has no option to write one.
/// </summary>
internal static class PngText
{
    /// <summary>The signature, and the IHDR chunk of 13 bytes.</summary>
    private const int HeaderLength = 8 + 12 + 13;

    private const int ChunkOverhead = 12;
    private const int MaxTextLength = 1 << 20;

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Keyword, not compressed, no language, no translated keyword.</summary>
    private static ReadOnlySpan<byte> Keyword => "Comment\0\0\0\0\0"u8;

    private static ReadOnlySpan<byte> ChunkType => "iTXt"u8;

    /// <summary>Adds a comment to a file that nobody reads yet.</summary>
    public static async Task AddAsync(string file, string text, CancellationToken cancellationToken)
    {
        var png = await PlainFile.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false);
        if (png.Length < HeaderLength)
        {
            throw new MediaException($"{file} ends within its header.");
        }

        var chunk = Chunk(ChunkType, [.. Keyword, .. Encoding.UTF8.GetBytes(text)]);
        await File.WriteAllBytesAsync(file, [.. png.AsSpan(0, HeaderLength), .. chunk, .. png.AsSpan(HeaderLength)], cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>The comment, or null. Reads no further than the pixels.</summary>
    /// <exception cref="MediaException">The file is damaged.</exception>
    public static string? Read(Stream png, string path)
    {
        Span<byte> head = stackalloc byte[8];
        png.ReadExactly(head); // the signature, which the caller has seen
        while (png.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(head);
            var type = head[4..];
            if (type.SequenceEqual("IDAT"u8) || length > png.Length - png.Position - 4)
            {
                break;
            }

            if (!type.SequenceEqual(ChunkType) || length > MaxTextLength)
            {
                png.Seek(length + 4L, SeekOrigin.Current);
                continue;
            }

            var chunk = new byte[4 + length + 4];
            type.CopyTo(chunk);
            png.ReadExactly(chunk.AsSpan(4));
            if (Crc32(chunk.AsSpan(0, chunk.Length - 4)) != BinaryPrimitives.ReadUInt32BigEndian(chunk.AsSpan(chunk.Length - 4)))
            {
                throw new MediaException($"{path} is damaged: the checksum of its text does not match.");
            }

            var data = chunk.AsSpan(4, (int)length);
            if (data.StartsWith(Keyword))
            {
                return Encoding.UTF8.GetString(data[Keyword.Length..]);
            }
        }

        return null;
    }

    /// <summary>Whether it is an animation (APNG) of several frames: that is said before the pixels.</summary>
    /// <exception cref="EndOfStreamException">The file is cut short.</exception>
    public static bool HasSeveral(Stream png)
    {
        png.Position = Signature.Length;
        Span<byte> head = stackalloc byte[12]; // and the number of frames, with which the data of an acTL begins
        while (true)
        {
            png.ReadExactly(head);
            var length = BinaryPrimitives.ReadUInt32BigEndian(head);
            var type = head[4..8];
            if (type.SequenceEqual("acTL"u8))
            {
                return BinaryPrimitives.ReadUInt32BigEndian(head[8..]) > 1;
            }

            if (type.SequenceEqual("IDAT"u8))
            {
                return false;
            }

            png.Seek(length, SeekOrigin.Current); // head has the checksum's length of it
        }
    }

    internal static byte[] Chunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        var chunk = new byte[data.Length + ChunkOverhead];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        type.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc32(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
    }

    /// <summary>CRC-32 as in the PNG specification, annex D.</summary>
    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        const uint Polynomial = 0xEDB88320;
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (Polynomial & (0 - (crc & 1)));
            }
        }

        return ~crc;
    }
}
