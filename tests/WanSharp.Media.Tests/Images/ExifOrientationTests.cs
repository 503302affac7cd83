using System.Buffers.Binary;
using System.Text;
using WanSharp.Media.Images;
using WanSharp.Media.Metadata;

namespace WanSharp.Media.Tests.Images;

/// <summary>Every format says in its own way how a camera was held.</summary>
public sealed class ExifOrientationTests
{
    private static readonly byte[] Big = [.. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] Little = [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] Named = [.. "Exif\0\0"u8, .. Big];
    private static readonly byte[] Xmp = Encoding.UTF8.GetBytes("<x:xmpmeta><rdf:Description tiff:Orientation=\"6\"/></x:xmpmeta>");
    private static readonly byte[] XmpElement = Encoding.UTF8.GetBytes("<tiff:Orientation>6</tiff:Orientation>");

    public static TheoryData<string, byte[]> Turned =>
        new()
        {
            { "JPEG", Jpeg(Segment(0xE1, Named)) },
            { "JPEG, behind another segment", Jpeg(Segment(0xE0, "JFIF\0"u8), Segment(0xE1, Named)) },
            { "JPEG, behind one of no length", Jpeg([0xFF, 0xE5, 0, 0], Segment(0xE1, Named)) },
            { "JPEG, behind one of a wrong length", Jpeg([0xFF, 0xE5, 0, 1], Segment(0xE1, Named)) },
            { "JPEG, filled", Jpeg([0xFF, 0xFF, 0xFF], Segment(0xE1, Named)) },
            { "JPEG, in XMP", Jpeg(Segment(0xE1, [.. "http://ns.adobe.com/xap/1.0/\0"u8, .. Xmp])) },
            {
                "JPEG, far behind the start",
                Jpeg([.. Enumerable.Range(0, 10).SelectMany(_ => Segment(0xE2, new byte[60_000])), .. Segment(0xE1, Named)])
            },
            { "PNG", Png(("eXIf", Big)) },
            { "PNG, little-endian", Png(("eXIf", Little)) },
            { "PNG, behind the pixels", Png(("IDAT", new byte[1 << 19]), ("eXIf", Big)) },
            { "PNG, with the name of JPEG's", Png(("eXIf", Named)) },
            { "PNG, in XMP", Png(("iTXt", [.. "XML:com.adobe.xmp\0\0\0\0\0"u8, .. XmpElement])) },
            { "WebP", WebP(("VP8L", new byte[9]), ("EXIF", Big)) },
            { "WebP, with the name of JPEG's", WebP(("VP8 ", new byte[8]), ("EXIF", Named)) },
            { "WebP, in XMP", WebP(("VP8 ", new byte[8]), ("XMP ", Xmp)) },
            { "TIFF", Big },
            { "TIFF, as LONG", Entry(Big, 4, [0, 0, 0, 6]) },
            { "TIFF, as BYTE", Entry(Big, 1, [6, 0, 0, 0]) },
            { "TIFF, little-endian, as LONG", Entry(Little, 4, [6, 0, 0, 0]) },
            { "TIFF, little-endian", Little },
            { "TIFF, its directory behind the pixels", [.. "MM\0*"u8, 0, 0x10, 0, 8, .. new byte[1 << 20], .. Big[8..]] },
        };

    public static TheoryData<string, byte[]> Upright =>
        new()
        {
            { "nothing", [] },
            { "GIF", [.. "GIF89a"u8, .. new byte[20]] },
            { "JPEG without EXIF", Jpeg(Segment(0xE0, "JFIF\0"u8)) },
            { "JPEG whose EXIF is behind its pixels", [.. Jpeg()[..2], 0xFF, 0xDA, 0, 2, .. Segment(0xE1, Named)] },
            { "JPEG whose EXIF is cut", Jpeg(Segment(0xE1, Named.AsSpan(..12).ToArray())) },
            { "PNG without EXIF", Png(("IDAT", new byte[9])) },
            { "PNG whose text is another's", Png(("iTXt", [.. "Comment\0\0\0\0\0"u8, .. XmpElement])) },
            { "PNG whose chunk ends behind it", [.. PngText.Signature, 0xFF, 0xFF, 0xFF, 0xFF, .. "eXIf"u8] },
            { "WebP without EXIF", WebP(("VP8 ", new byte[8])) },
            { "TIFF with an orientation in letters", Entry(Big, 2, [0, 6, 0, 0]) },
            { "TIFF with more than an orientation", Entry(Big, 4, [6, 0, 0, 6]) },
            { "TIFF whose directory is nowhere", [.. "MM\0*"u8, 0xFF, 0xFF, 0xFF, 0xFF] },
        };

    [Theory]
    [MemberData(nameof(Turned))]
    public void Read_OfATurnedPicture_SaysHow(string what, byte[] file) => Assert.True(Read(file) == 6, what);

    [Theory]
    [MemberData(nameof(Upright))]
    public void Read_OfAnyOther_IsUpright(string what, byte[] file) => Assert.True(Read(file) == 1, what);

    /// <summary>Cut anywhere, or with any byte changed, it is read or upright.</summary>
    [Theory]
    [MemberData(nameof(Turned))]
    public void Read_OfADamagedPicture_DoesNotThrow(string what, byte[] file)
    {
        Assert.SkipWhen(file.Length > 4096, $"{what} is large: its like are tried.");
        for (var at = 0; at < file.Length; at++)
        {
            Read(file[..at]);
            foreach (var value in new byte[] { 0, 1, 0x7F, 0xFF })
            {
                var changed = (byte[])file.Clone();
                changed[at] = value;
                Read(changed);
            }
        }
    }

    private static byte[] Entry(byte[] tiff, byte type, byte[] value)
    {
        var changed = (byte[])tiff.Clone();
        changed[tiff[0] == 'M' ? 13 : 12] = type;
        value.CopyTo(changed, 18);
        return changed;
    }

    private static int Read(byte[] file)
    {
        using var stream = new MemoryStream(file);
        return ExifOrientation.Read(stream);
    }

    private static byte[] Jpeg(params byte[][] segments) =>
        [0xFF, 0xD8, .. segments.SelectMany(segment => segment), 0xFF, 0xDA, 0, 2, 0xFF, 0xD9];

    private static byte[] Segment(byte kind, ReadOnlySpan<byte> data) =>
        [0xFF, kind, (byte)((data.Length + 2) >> 8), (byte)(data.Length + 2), .. data];

    private static byte[] Png(params (string Name, byte[] Data)[] chunks) =>
        [
            .. PngText.Signature,
            .. chunks.SelectMany(chunk => PngText.Chunk(Encoding.ASCII.GetBytes(chunk.Name), chunk.Data)),
            .. PngText.Chunk("IEND"u8, []),
        ];

    private static byte[] WebP(params (string Name, byte[] Data)[] chunks)
    {
        byte[] body =
        [
            .. chunks.SelectMany(chunk =>
                (byte[])
                    [
                        .. Encoding.ASCII.GetBytes(chunk.Name),
                        .. Length(chunk.Data.Length),
                        .. chunk.Data,
                        .. new byte[chunk.Data.Length % 2],
                    ]
            ),
        ];
        return [.. "RIFF"u8, .. Length(body.Length + 4), .. "WEBP"u8, .. body];
    }

    private static byte[] Length(int length)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, length);
        return bytes;
    }
}
