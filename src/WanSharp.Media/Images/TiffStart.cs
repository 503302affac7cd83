using System.Buffers.Binary;

namespace WanSharp.Media.Images;

/// <summary>
/// Reads what a TIFF says of its first picture. What ffmpeg reads as Pillow does is let through, and nothing else: of JPEG in a TIFF it
/// gives black without a word, of YCbCr other colours.
/// </summary>
internal ref struct TiffStart
{
    private const int FolderStart = 4;
    private const int EntryLength = 12;
    private const int ValueStart = 8;
    private const int Short = 3;
    private const int Long = 4;

    private const int Compression = 259;
    private const int Photometric = 262;
    private const int SampleFormat = 339;
    private const int Jpeg = 7;
    private const int OldJpeg = 6;
    private const int YCbCr = 6;

    // None, LZW, Deflate (two numbers), PackBits, and fax: compared with Pillow in each mode that it writes.
    private static readonly uint[] Compressions = [1, 5, 8, 32946, 32773, 2, 3, 4];

    // White or black is zero, RGB, palette, CMYK.
    private static readonly uint[] Photometrics = [0, 1, 2, 3, 5];

    private readonly ReadOnlySpan<byte> _file;
    private readonly bool _isBig;

    private TiffStart(ReadOnlySpan<byte> file)
    {
        _file = file;
        _isBig = file[0] == 'M';
    }

    /// <summary>Why a TIFF is not read, and the way out; null if it is.</summary>
    public static string? ProblemOf(ReadOnlySpan<byte> file)
    {
        var tiff = new TiffStart(file);
        var what =
            tiff.Find(Compression, 1) is not { } compression ? "does not say how it is compressed"
            : compression is Jpeg or OldJpeg ? "is compressed as JPEG"
            : !Compressions.Contains(compression) ? $"is compressed in a way that is not supported ({compression})"
            : tiff.Find(Photometric, uint.MaxValue) is not { } photometric ? "does not say its colours"
            : photometric == YCbCr ? "has its colours as YCbCr"
            : !Photometrics.Contains(photometric) ? $"has its colours in a way that is not supported ({photometric})"
            : tiff.Find(SampleFormat, 1) != 1 ? "has numbers below zero or fractions for its colours"
            : null;
        return what is null ? null : $"it is a TIFF that {what}: save it as PNG.";
    }

    /// <summary>The first value of an entry of the first folder; null if the file is damaged.</summary>
    private readonly uint? Find(int tag, uint missing)
    {
        if (Number(FolderStart, Long) is not { } folder || Number(folder, Short) is not { } count)
        {
            return null;
        }

        for (var i = 0; i < count; i++)
        {
            var entry = folder + 2 + ((long)i * EntryLength);
            if (Number(entry, Short) != tag)
            {
                continue;
            }

            var type = Number(entry + 2, Short) == Long ? Long : Short;
            var values = Number(entry + FolderStart, Long);
            var fits = values * (type == Long ? 4 : 2) <= 4; // more of them are elsewhere
            return fits ? Number(entry + ValueStart, type) : Number(Number(entry + ValueStart, Long) ?? uint.MaxValue, type);
        }

        return missing;
    }

    private readonly uint? Number(long at, int type)
    {
        var length = type == Long ? sizeof(uint) : sizeof(ushort);
        if (at > _file.Length - length)
        {
            return null;
        }

        var bytes = _file.Slice((int)at, length);
        return (type == Long, _isBig) switch
        {
            (true, true) => BinaryPrimitives.ReadUInt32BigEndian(bytes),
            (true, false) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            (false, true) => BinaryPrimitives.ReadUInt16BigEndian(bytes),
            _ => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        };
    }
}
