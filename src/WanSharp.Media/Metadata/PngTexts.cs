using System.Buffers.Binary;
using System.IO.Compression;

namespace WanSharp.Media.Metadata;

/// <summary>The texts of a PNG: its chunks tEXt, zTXt, iTXt and eXIf (PNG specification, third edition, 11.3.3 and 11.3.4.5).</summary>
internal static class PngTexts
{
    private const int MostChunks = 100_000;

    /// <summary>The texts, before and after the pixels. What is damaged is left out.</summary>
    public static IEnumerable<EmbeddedText> Read(Stream png)
    {
        var room = EmbeddedTexts.MostBytes;
        var head = new byte[8];
        png.ReadExactly(head); // the signature
        for (var count = 0; count < MostChunks && png.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length; count++)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(head);
            var type = System.Text.Encoding.ASCII.GetString(head, 4, 4);
            if (type is "IEND" || length > png.Length - png.Position)
            {
                yield break;
            }

            if (type is not ("tEXt" or "zTXt" or "iTXt" or "eXIf") || length > room)
            {
                png.Seek(length + 4L, SeekOrigin.Current);
                continue;
            }

            var data = new byte[length];
            png.ReadExactly(data);
            png.Seek(4, SeekOrigin.Current); // the checksum
            room -= data.Length;
            foreach (
                var text in type == "eXIf" ? ExifTexts.Read(data)
                : Text(type, data, room) is { } one ? [one]
                : []
            )
            {
                room -= text.Text.Length;
                yield return text;
            }
        }
    }

    private static EmbeddedText? Text(string type, byte[] data, int room)
    {
        var end = Array.IndexOf(data, (byte)0);
        if (end <= 0)
        {
            return null;
        }

        var keyword = EmbeddedTexts.Decode(data.AsSpan(0, end));
        var rest = data.AsSpan(end + 1);
        var isCompressed = type == "zTXt" || (type == "iTXt" && rest.Length > 1 && rest[0] == 1);
        if (type == "iTXt")
        {
            // Flag and method, then the language and the keyword in it, each ended by a zero.
            var language = rest.Length > 2 ? rest[2..].IndexOf((byte)0) : -1;
            var translated = language >= 0 ? rest[(2 + language + 1)..].IndexOf((byte)0) : -1;
            if (translated < 0)
            {
                return null;
            }

            rest = rest[(2 + language + 1 + translated + 1)..];
        }
        else if (isCompressed)
        {
            rest = rest.Length > 0 ? rest[1..] : rest; // the method
        }

        var text = isCompressed ? Inflate(rest.ToArray(), room) : rest.ToArray();
        return text is null ? null : new EmbeddedText(keyword, EmbeddedTexts.Decode(text));
    }

    /// <summary>What was compressed; null if it is damaged, or is too long.</summary>
    private static byte[]? Inflate(byte[] data, int room)
    {
        try
        {
            using var zlib = new ZLibStream(new MemoryStream(data, writable: false), CompressionMode.Decompress);
            var buffer = new byte[Math.Max(0, room)];
            var length = zlib.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return length < buffer.Length ? buffer[..length] : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
