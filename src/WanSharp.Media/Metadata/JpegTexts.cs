using System.Buffers.Binary;

namespace WanSharp.Media.Metadata;

/// <summary>The texts of a JPEG: its comments, and EXIF. Segments: 0xFF, kind, length (with itself), data; the scan ends them.</summary>
internal static class JpegTexts
{
    private const int MostSegments = 10_000;
    private const int App1 = 0xE1;
    private const int Comment = 0xFE;

    public static IEnumerable<EmbeddedText> Read(Stream jpeg)
    {
        jpeg.Position = 2;
        var head = new byte[4];
        for (var count = 0; count < MostSegments && jpeg.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length; count++)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(2)) - 2;
            if (head[0] != 0xFF || head[1] is 0xDA or 0xD9 || length < 0 || length > jpeg.Length - jpeg.Position)
            {
                yield break; // the pixels, or damage
            }

            var data = new byte[length];
            jpeg.ReadExactly(data);
            var texts =
                head[1] == Comment ? [new EmbeddedText("comment", EmbeddedTexts.Decode(data))]
                : head[1] == App1 && data.AsSpan().StartsWith("Exif\0\0"u8) ? ExifTexts.Read(data)
                : [];
            foreach (var text in texts)
            {
                yield return text;
            }
        }
    }
}
