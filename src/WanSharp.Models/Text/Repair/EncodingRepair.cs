using System.Text;
using System.Text.RegularExpressions;

namespace WanSharp.Models.Text.Repair;

/// <summary>Undoes wrong decodings: "schÃ¶n" is "schön", read as Windows-1252 when it was UTF-8.</summary>
/// <remarks>The steps and their order are those of ftfy 6.3 (rspeer/python-ftfy:ftfy/__init__.py and fixes.py). Bytes are kept as text
/// of characters 0 to 255.</remarks>
internal static partial class EncodingRepair
{
    private const string LostSequence = "\u00EF\u00BF\u00BD"; // U+FFFD in UTF-8

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text with all wrong decodings undone, one after the other.</summary>
    public static string Apply(string text)
    {
        while (Step(text) is var repaired && repaired != text)
        {
            text = repaired;
        }

        return text;
    }

    /// <summary>What is left of C1 control characters, which nobody writes, as Windows-1252.</summary>
    public static string ReplaceControls(string text) =>
        Controls().Replace(text, match => ByteEncoding.Windows1252.Decode(match.ValueSpan[0]).ToString());

    private static string Step(string text)
    {
        if (Ascii.IsValid(text) || !MojibakeSigns.Are(text))
        {
            return text;
        }

        foreach (var encoding in ByteEncoding.All)
        {
            if (encoding.Encode(text) is { } bytes && DecodeUtf8(Restore(bytes, encoding)) is { } decoded)
            {
                return decoded;
            }
        }

        // Parts of it may be UTF-8: "“quoted” â€“ and not".
        var parts = MojibakeSigns
            .Utf8Runs()
            .Replace(text, match => match.Length < text.Length && MojibakeSigns.Are(match.Value) ? Apply(match.Value) : match.Value);
        return parts != text ? parts : AsWindows1252(text) ?? ReplaceControls(text);
    }

    /// <summary>Bytes with what programs did to them on the way undone: no-break spaces made spaces, sequences that lost a byte.</summary>
    private static string Restore(string bytes, ByteEncoding encoding)
    {
        if (encoding.Name != "mac-roman") // where that is a dash and a space
        {
            bytes = SpacedSequence().IsMatch(bytes)
                ? SpacedSequence().Replace(LoneAGrave().Replace(bytes, "\u00C3\u00A0 "), match => match.Value.Replace(' ', '\u00A0'))
                : bytes;
        }

        return encoding.LosesText ? LossySequence().Replace(bytes, LostSequence) : bytes;
    }

    /// <summary>Latin-1 throughout: its control characters were letters of Windows-1252. Null if some were not.</summary>
    private static string? AsWindows1252(string text)
    {
        if (ByteEncoding.Latin1.Encode(text) is null)
        {
            return null;
        }

        var decoded = string.Concat(text.Select(ByteEncoding.Windows1252.Decode));
        return decoded != text && !Controls().IsMatch(decoded) ? decoded : null;
    }

    /// <summary>UTF-8, with Java's NUL of two bytes and pairs of surrogates of three bytes each; null if it is not.</summary>
    private static string? DecodeUtf8(string bytes)
    {
        if (bytes.AsSpan().ContainsAny('\u00C0', '\u00ED'))
        {
            bytes = SurrogatePair()
                .Replace(
                    bytes.Replace("\u00C0\u0080", "\0", StringComparison.Ordinal),
                    match => Latin1(Encoding.UTF8.GetBytes(Joined(match.ValueSpan)))
                );
        }

        try
        {
            return Utf8.GetString(Encoding.Latin1.GetBytes(bytes));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string Latin1(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    private static string Joined(ReadOnlySpan<char> pair) =>
        new([(char)(0xD000 | ((pair[1] & 0x3F) << 6) | (pair[2] & 0x3F)), (char)(0xD000 | ((pair[4] & 0x3F) << 6) | (pair[5] & 0x3F))]);

    [GeneratedRegex("[\u0080-\u009F]")]
    private static partial Regex Controls();

    /// <summary>UTF-8 in which a space stands for the byte A0, except what would be letters of rare scripts.</summary>
    [GeneratedRegex(
        "[\u00C2\u00C3\u00C5\u00CE\u00D0\u00D9] |[\u00E2\u00E3] [\u0080-\u0084\u0086-\u009F\u00A1"
            + "-\u00BF]|[\u00E0-\u00E3][\u0080-\u0084\u0086-\u009F\u00A1-\u00BF] "
            + "|\u00F0 [\u0080-\u00BF]{2}|\u00F0[\u0080-\u00BF] [\u0080-\u00BF]|\u00F0[\u0080-\u00BF]{2} "
    )]
    private static partial Regex SpacedSequence();

    /// <summary>"Ã " that is a word, as in "voilÃ la"; not of Portuguese "às" and "àquele".</summary>
    [GeneratedRegex("\u00C3 (?! |quele|quela|quilo|s )")]
    private static partial Regex LoneAGrave();

    /// <summary>UTF-8 in which a byte, or two of a longer sequence, was lost and a substitute stands for it.</summary>
    [GeneratedRegex(
        "[\u00C2-\u00DF]\u001A|[\u00C2\u00C3]\\?|\u00ED[\u00A0-\u00AF][\u001A?]\u00ED[\u00B0-\u00BF][\u001A?\u0080"
            + "-\u00BF]|\u00ED[\u00A0-\u00AF][\u001A?\u0080-\u00BF]\u00ED[\u00B0-\u00BF][\u001A?]"
            + "|[\u00E0-\u00EF][\u001A?][\u001A\u0080-\u00BF]|[\u00E0-\u00EF][\u001A\u0080-\u00BF][\u001A?]"
            + "|[\u00F0-\u00F4][\u001A?][\u001A\u0080-\u00BF]{2}|[\u00F0-\u00F4][\u001A\u0080-\u00BF][\u001A?]"
            + "[\u001A\u0080-\u00BF]|[\u00F0-\u00F4][\u001A\u0080-\u00BF]{2}[\u001A?]|\u001A"
    )]
    private static partial Regex LossySequence();

    [GeneratedRegex("\u00ED[\u00A0-\u00AF][\u0080-\u00BF]\u00ED[\u00B0-\u00BF][\u0080-\u00BF]")]
    private static partial Regex SurrogatePair();
}
