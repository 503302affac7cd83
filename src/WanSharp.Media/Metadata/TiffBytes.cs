using System.Buffers.Binary;

namespace WanSharp.Media.Metadata;

/// <summary>The numbers of a TIFF, or of EXIF, which is laid out as one: in the order of bytes that its start says.</summary>
internal readonly struct TiffBytes
{
    /// <summary>Bytes of an entry of a directory: its tag, its type, how many values, and these or where they are.</summary>
    public const int EntryLength = 12;

    private const long DirectoryStart = 4;

    private readonly byte[] _bytes;

    private TiffBytes(byte[] bytes, bool isLittle)
    {
        _bytes = bytes;
        IsLittle = isLittle;
    }

    /// <summary>Whether the least byte of a number comes first.</summary>
    public bool IsLittle { get; }

    /// <summary>Where the first directory is; null if the file ends before it says so.</summary>
    public uint? FirstDirectory => Long(DirectoryStart);

    /// <summary>Bytes that begin as a TIFF does; null for others.</summary>
    public static TiffBytes? Of(byte[] bytes) =>
        bytes switch
        {
            [(byte)'I', (byte)'I', 42, 0, ..] => new TiffBytes(bytes, isLittle: true),
            [(byte)'M', (byte)'M', 0, 42, ..] => new TiffBytes(bytes, isLittle: false),
            _ => null,
        };

    /// <summary>A number of 16 bits; null beyond the end.</summary>
    public ushort? Short(long at) =>
        At(at, sizeof(ushort)) is not { } place ? null
        : IsLittle ? BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(place))
        : BinaryPrimitives.ReadUInt16BigEndian(_bytes.AsSpan(place));

    /// <summary>A number of 32 bits; null beyond the end.</summary>
    public uint? Long(long at) =>
        At(at, sizeof(uint)) is not { } place ? null
        : IsLittle ? BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(place))
        : BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(place));

    private int? At(long at, int length) => at >= 0 && at <= _bytes.Length - length ? (int)at : null;
}
