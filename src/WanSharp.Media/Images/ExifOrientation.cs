using System.Buffers.Binary;

namespace WanSharp.Media.Images;

/// <summary>
/// How a camera was held (EXIF 2.32, tag 0x0112, 1 to 8). Read here because only newer versions of ffmpeg turn pictures.
/// </summary>
internal static class ExifOrientation
{
    private const int Upright = 1;
    private const ushort OrientationTag = 0x0112;

    /// <summary>The orientation that a JPEG names, else 1.</summary>
    public static int Read(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]))
        {
            return Upright;
        }

        // Segments: 0xFF, kind, length (with itself), data; APP1 with EXIF comes before the scan.
        for (var at = 2; at + 4 <= file.Length && file[at] == 0xFF && file[at + 1] is not (0xDA or 0xD9);)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            var data = file[Math.Min(at + 4, file.Length)..Math.Min(at + 2 + length, file.Length)];
            if (file[at + 1] == 0xE1 && data.StartsWith("Exif\0\0"u8))
            {
                return ReadTiff(data[6..]);
            }

            at += 2 + length;
        }

        return Upright;
    }

    /// <summary>The image as it was meant to be seen.</summary>
    public static RgbImage Apply(RgbImage image, int orientation)
    {
        var (width, height) = (image.Width, image.Height);
        return orientation switch
        {
            2 => Turn(image, width, height, (x, y) => (width - 1 - x, y)),
            3 => Turn(image, width, height, (x, y) => (width - 1 - x, height - 1 - y)),
            4 => Turn(image, width, height, (x, y) => (x, height - 1 - y)),
            5 => Turn(image, height, width, (x, y) => (y, x)),
            6 => Turn(image, height, width, (x, y) => (y, height - 1 - x)),
            7 => Turn(image, height, width, (x, y) => (width - 1 - y, height - 1 - x)),
            8 => Turn(image, height, width, (x, y) => (width - 1 - y, x)),
            _ => image,
        };
    }

    private static int ReadTiff(ReadOnlySpan<byte> tiff)
    {
        const int EntryLength = 12;
        var isLittle = tiff.StartsWith("II"u8);
        if (tiff.Length < 8 || ReadUInt32(tiff[4..], isLittle) is var directory && directory > tiff.Length - 2)
        {
            return Upright;
        }

        var entries = tiff[(int)directory..];
        int count = ReadUInt16(entries, isLittle);
        for (var entry = entries[2..]; count > 0 && entry.Length >= EntryLength; entry = entry[EntryLength..], count--)
        {
            if (ReadUInt16(entry, isLittle) == OrientationTag)
            {
                return ReadUInt16(entry[8..], isLittle);
            }
        }

        return Upright;
    }

    private static RgbImage Turn(RgbImage image, int width, int height, Func<int, int, (int X, int Y)> source)
    {
        var pixels = new byte[image.Pixels.Length];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var from = source(x, y);
                image.Pixels.AsSpan(((from.Y * image.Width) + from.X) * 3, 3).CopyTo(pixels.AsSpan(((y * width) + x) * 3));
            }
        }

        return new RgbImage(width, height, pixels);
    }

    private static ushort ReadUInt16(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint ReadUInt32(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
