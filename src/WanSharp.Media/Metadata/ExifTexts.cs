using System.Text;

namespace WanSharp.Media.Metadata;

/// <summary>The texts in EXIF: those of tags of the first directory, and the user's comment (EXIF 2.32, 4.6.4 and 4.6.5).</summary>
internal static class ExifTexts
{
    private const ushort ExifDirectory = 0x8769;
    private const ushort UserComment = 0x9286;
    private const ushort Ascii = 2;
    private const ushort Undefined = 7;
    private const int CodeLength = 8;

    private static readonly Dictionary<ushort, string> Tags = new()
    {
        [0x010E] = "ImageDescription",
        [0x010F] = "Make",
        [0x0110] = "Model",
        [0x0131] = "Software",
        [UserComment] = "UserComment",
    };

    private static ReadOnlySpan<byte> Name => "Exif\0\0"u8;

    /// <summary>The texts; none where it is damaged.</summary>
    public static IEnumerable<EmbeddedText> Read(byte[] exif)
    {
        var tiff = exif.AsSpan().StartsWith(Name) ? exif[Name.Length..] : exif;
        return TiffBytes.Of(tiff) is { FirstDirectory: { } first } numbers ? Directory(tiff, numbers, first, mayNest: true) : [];
    }

    private static IEnumerable<EmbeddedText> Directory(byte[] tiff, TiffBytes numbers, uint at, bool mayNest)
    {
        if (numbers.Short(at) is not { } count)
        {
            yield break;
        }

        for (var i = 0; i < count; i++)
        {
            var entry = at + 2L + ((long)i * TiffBytes.EntryLength);
            if (
                numbers.Short(entry) is not { } tag
                || numbers.Short(entry + 2) is not { } type
                || numbers.Long(entry + 4) is not { } length
                || numbers.Long(entry + 8) is not { } value
            )
            {
                yield break;
            }

            if (tag == ExifDirectory && mayNest)
            {
                foreach (var text in Directory(tiff, numbers, value, mayNest: false))
                {
                    yield return text;
                }
            }
            else if (Tags.TryGetValue(tag, out var name) && type is Ascii or Undefined)
            {
                var start = length <= 4 ? entry + 8 : value;
                if (start + length <= tiff.Length)
                {
                    yield return new EmbeddedText(name, Text(tag, tiff.AsSpan((int)start, (int)length), numbers.IsLittle));
                }
            }
        }
    }

    /// <summary>A user's comment begins with the name of its code; programs disagree about the order of UTF-16's bytes.</summary>
    private static string Text(ushort tag, ReadOnlySpan<byte> bytes, bool little)
    {
        if (tag != UserComment || bytes.Length < CodeLength)
        {
            return EmbeddedTexts.Decode(bytes).TrimEnd('\0');
        }

        var text = bytes[CodeLength..];
        return bytes.StartsWith("UNICODE"u8) ? Unicode(text, little)
            : bytes.StartsWith("ASCII"u8) || bytes[..CodeLength].IndexOfAnyExcept((byte)0) < 0 ? EmbeddedTexts.Decode(text).TrimEnd('\0')
            : EmbeddedTexts.Decode(bytes).TrimEnd('\0');
    }

    private static string Unicode(ReadOnlySpan<byte> text, bool little)
    {
        // Most of what is written is ASCII: where its zeros are, there is the upper byte.
        var (even, odd) = (0, 0);
        for (var i = 0; i + 1 < text.Length; i += 2)
        {
            even += text[i] == 0 ? 1 : 0;
            odd += text[i + 1] == 0 ? 1 : 0;
        }

        var isLittle = odd == even ? little : odd > even;
        return (isLittle ? Encoding.Unicode : Encoding.BigEndianUnicode).GetString(text).TrimEnd('\0');
    }
}
