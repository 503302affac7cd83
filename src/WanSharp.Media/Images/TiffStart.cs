using WanSharp.Media.Metadata;

namespace WanSharp.Media.Images;

/// <summary>
/// Reads what a TIFF says of its first picture. What ffmpeg reads as Pillow does is let through, and nothing else: of JPEG in a TIFF it
/// gives black without a word, of YCbCr other colours.
/// </summary>
internal static class TiffStart
{
    private const int CountStart = 4;
    private const int ValueStart = 8;
    private const int Long = 4;

    private const int Compression = 259;
    private const int Photometric = 262;
    private const int Planes = 284;
    private const int TileWidth = 322;
    private const int SampleFormat = 339;
    private const int Jpeg = 7;
    private const int OldJpeg = 6;
    private const int YCbCr = 6;

    // None, LZW, Deflate (two numbers), PackBits, and fax: compared with Pillow in each mode that it writes.
    private static readonly uint[] Compressions = [1, 5, 8, 32946, 32773, 2, 3, 4];

    // White or black is zero, RGB, palette, CMYK.
    private static readonly uint[] Photometrics = [0, 1, 2, 3, 5];

    /// <summary>Why a TIFF is not read, and the way out; null if it is.</summary>
    public static string? ProblemOf(TiffBytes tiff)
    {
        var what =
            Find(tiff, Compression, 1) is not { } compression ? "does not say how it is compressed"
            : compression is Jpeg or OldJpeg ? "is compressed as JPEG"
            : !Compressions.Contains(compression) ? $"is compressed in a way that is not supported ({compression})"
            : Find(tiff, Photometric, uint.MaxValue) is not { } photometric ? "does not say its colours"
            : photometric == YCbCr ? "has its colours as YCbCr"
            : !Photometrics.Contains(photometric) ? $"has its colours in a way that is not supported ({photometric})"
            : Find(tiff, Planes, 1) != 1 ? "keeps its colours in planes of their own"
            : Find(tiff, TileWidth, 0) != 0 ? "is cut into tiles"
            : Find(tiff, SampleFormat, 1) != 1 ? "has numbers below zero or fractions for its colours"
            : null;
        return what is null ? null : $"it is a TIFF that {what}: save it as PNG.";
    }

    /// <summary>The first value of an entry of the first folder; null if the file is damaged.</summary>
    private static uint? Find(TiffBytes tiff, int tag, uint missing)
    {
        if (tiff.FirstDirectory is not { } folder || tiff.Short(folder) is not { } count)
        {
            return null;
        }

        for (var i = 0; i < count; i++)
        {
            var entry = folder + 2 + ((long)i * TiffBytes.EntryLength);
            if (tiff.Short(entry) != tag)
            {
                continue;
            }

            var isLong = tiff.Short(entry + 2) == Long;
            var fits = tiff.Long(entry + CountStart) * (isLong ? sizeof(uint) : sizeof(ushort)) <= sizeof(uint); // more are elsewhere
            long? at = fits ? entry + ValueStart : tiff.Long(entry + ValueStart);
            return at is not { } value ? null
                : isLong ? tiff.Long(value)
                : tiff.Short(value);
        }

        return missing;
    }
}
