using System.Buffers.Binary;
using System.IO.Compression;
using WanSharp.Media.Metadata;

namespace WanSharp.Media.Tests.Images;

/// <summary>Grey pictures made by hand.</summary>
internal static class TestPng
{
    private const int MostBytes = 1 << 20;

    /// <summary>A black picture: small in the file, whatever its size.</summary>
    public static byte[] Black(int width, int height) => Of(width, height, depth: 8, new byte[Math.Min(MostBytes, (width + 1) * height)]);

    /// <summary>A picture of these rows, each after its filter.</summary>
    public static byte[] Of(int width, int height, byte depth, byte[] rows)
    {
        using var png = new MemoryStream();
        png.Write(PngText.Signature);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = depth;
        png.Write(PngText.Chunk("IHDR"u8, header));
        using var pixels = new MemoryStream();
        using (var zlib = new ZLibStream(pixels, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(rows);
        }

        png.Write(PngText.Chunk("IDAT"u8, pixels.ToArray()));
        png.Write(PngText.Chunk("IEND"u8, []));
        return png.ToArray();
    }
}
