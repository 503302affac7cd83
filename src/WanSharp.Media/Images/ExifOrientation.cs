using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace WanSharp.Media.Images;

/// <summary>
/// How a camera was held (EXIF 2.32, tag 0x0112, 1 to 8), in JPEG, PNG, WebP and TIFF; where EXIF does not say it, what XMP says. As
/// Pillow's
/// <c>ImageOps.exif_transpose</c>. Read here because decoders differ in which of these they know.
/// </summary>
internal static partial class ExifOrientation
{
    private const int Upright = 1;
    private const int Last = 8;
    private const int MostSegmentBytes = 1 << 20;
    private const int MostSegments = 10_000;

    private static ReadOnlySpan<byte> ExifName => "Exif\0\0"u8;

    private static ReadOnlySpan<byte> XmpName => "http://ns.adobe.com/xap/1.0/\0"u8;

    private static ReadOnlySpan<byte> PngXmpName => "XML:com.adobe.xmp\0"u8;

    /// <summary>The orientation that a picture names, else 1. Whatever is damaged names none.</summary>
    /// <param name="file">The picture, which can seek.</param>
    public static int Read(Stream file)
    {
        try
        {
            file.Position = 0;
            var start = new byte[12];
            var length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
            var (exif, xmp) = start.AsSpan(0, length) switch
            {
                [0xFF, 0xD8, ..] => ReadJpeg(file),
                [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => ReadChunks(file, firstChunk: 8, "eXIf"u8, "iTXt"u8, isPng: true),
                [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P'] => ReadChunks(
                    file,
                    firstChunk: 12,
                    "EXIF"u8,
                    "XMP "u8,
                    isPng: false
                ),
                [(byte)'I', (byte)'I', 42, 0, ..] or [(byte)'M', (byte)'M', 0, 42, ..] => (ReadTiff(file, 0), null),
                _ => default,
            };
            return exif ?? (xmp is null ? Upright : OfXmp(xmp)) ?? Upright;
        }
        catch (EndOfStreamException)
        {
            return Upright;
        }
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

    /// <summary>Segments: 0xFF, kind, length (with itself), data; both come before the scan.</summary>
    private static (int? Exif, byte[]? Xmp) ReadJpeg(Stream file)
    {
        (int? Exif, byte[]? Xmp) found = default;
        file.Position = 2;
        Span<byte> two = stackalloc byte[2];
        for (var count = 0; count < MostSegments && file.ReadByte() is >= 0 and var first; count++)
        {
            if (first != 0xFF)
            {
                continue; // padding, or what a segment of a wrong length left
            }

            var kind = ReadKind(file);
            if (kind is 0xDA or 0xD9 or < 0)
            {
                break;
            }

            if (kind is 0 or 1 or (>= 0xD0 and <= 0xD8))
            {
                continue; // without data
            }

            file.ReadExactly(two);
            var length = BinaryPrimitives.ReadUInt16BigEndian(two) - two.Length;
            if (length <= 0)
            {
                continue; // damaged: the next marker says where it continues
            }

            var next = file.Position + length;
            if (kind == 0xE1)
            {
                Take(Read(file, length), ref found);
            }

            file.Position = next;
        }

        return found;
    }

    private static int ReadKind(Stream file)
    {
        int kind;
        do
        {
            kind = file.ReadByte();
        } while (kind == 0xFF); // any number of them may fill

        return kind;
    }

    private static void Take(byte[] segment, ref (int? Exif, byte[]? Xmp) found)
    {
        if (segment.AsSpan().StartsWith(ExifName))
        {
            found.Exif ??= OfExif(segment);
        }
        else if (segment.AsSpan().StartsWith(XmpName))
        {
            found.Xmp ??= segment;
        }
    }

    /// <summary>
    /// Chunks of a length and a name, before or after the pixels: PNG's (big-endian, the length first, a checksum behind) and
    /// RIFF's (little-endian, the name first, padded to even).
    /// </summary>
    private static (int? Exif, byte[]? Xmp) ReadChunks(
        Stream file,
        int firstChunk,
        ReadOnlySpan<byte> exifName,
        ReadOnlySpan<byte> xmpName,
        bool isPng
    )
    {
        (int? Exif, byte[]? Xmp) found = default;
        file.Position = firstChunk;
        Span<byte> head = stackalloc byte[8];
        for (var count = 0; count < MostSegments && file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length; count++)
        {
            var length = isPng ? BinaryPrimitives.ReadUInt32BigEndian(head) : BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
            var name = isPng ? head[4..] : head[..4];
            var next = file.Position + length + (isPng ? 4 : length % 2);
            if (name.SequenceEqual(exifName))
            {
                found.Exif ??= OfExif(Read(file, length));
            }
            else if (name.SequenceEqual(xmpName) && Read(file, length) is var text && (!isPng || text.AsSpan().StartsWith(PngXmpName)))
            {
                found.Xmp ??= text;
            }

            if (next > file.Length)
            {
                break;
            }

            file.Position = next;
        }

        return found;
    }

    private static byte[] Read(Stream file, long length)
    {
        var data = new byte[Math.Min(length, MostSegmentBytes)];
        file.ReadExactly(data);
        return data;
    }

    /// <summary>
    /// EXIF is a TIFF file, of which this is the first directory; some writers put its JPEG name before it in other formats too.
    /// </summary>
    private static int? OfExif(byte[] exif)
    {
        var start = 0;
        while (exif.AsSpan(start).StartsWith(ExifName))
        {
            start += ExifName.Length;
        }

        try
        {
            using var tiff = new MemoryStream(exif, start, exif.Length - start, writable: false);
            return ReadTiff(tiff, 0);
        }
        catch (EndOfStreamException)
        {
            return null;
        }
    }

    private static int? ReadTiff(Stream tiff, long start)
    {
        const ushort OrientationTag = 0x0112;
        Span<byte> bytes = stackalloc byte[12];
        tiff.Position = start;
        tiff.ReadExactly(bytes[..8]);
        var isLittle = bytes.StartsWith("II"u8);
        var directory = isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) : BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        if (directory > tiff.Length)
        {
            return null;
        }

        tiff.Position = start + directory;
        tiff.ReadExactly(bytes[..2]);
        for (var count = ReadUInt16(bytes, isLittle); count > 0; count--)
        {
            tiff.ReadExactly(bytes);
            if (ReadUInt16(bytes, isLittle) == OrientationTag)
            {
                return ReadNumber(bytes, isLittle);
            }
        }

        return null;
    }

    /// <summary>The value of an entry, by its type; what is not a whole number from 1 to 8 is no orientation.</summary>
    private static int ReadNumber(ReadOnlySpan<byte> entry, bool isLittle)
    {
        const ushort Byte = 1,
            Short = 3,
            Long = 4;
        var value = entry[8..];
        var number = ReadUInt16(entry[2..], isLittle) switch
        {
            Byte => value[0],
            Short => ReadUInt16(value, isLittle),
            Long => isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(value) : BinaryPrimitives.ReadUInt32BigEndian(value),
            _ => (uint)Upright,
        };
        return number is >= Upright and <= Last ? (int)number : Upright;
    }

    private static int? OfXmp(byte[] xmp) =>
        XmpOrientation().Match(Encoding.Latin1.GetString(xmp)) is { Success: true } match ? match.Groups[1].ValueSpan[0] - '0' : null;

    [GeneratedRegex("tiff:Orientation(?:=\"|>)([0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex XmpOrientation();

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
}
