using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches.Reading;

/// <summary>
/// Reads text that other programs wrote: files of jobs and of prompts, standard input. UTF-8, or UTF-16 and UTF-32 with a byte order
/// mark; anything
/// else is refused rather than guessed, because a wrong guess is another prompt. Thread-safe.
/// </summary>
public static partial class TextInput
{
    private const char Escape = '\u001B';
    private const char ByteOrderMark = '\uFEFF';
    private const byte EndOfDosFiles = 0x1A; // Ctrl-Z, which programs that are as old still write

    // Control characters except tab, line ends, and the line ends of another kind, which are refused where they may part prompts.
    private static readonly SearchValues<char> NotText = SearchValues.Create([
        .. Enumerable.Range(0, 0xA0).Select(code => (char)code).Where(c => char.IsControl(c) && !"\t\r\n\v\f\u0085".Contains(c)),
        ByteOrderMark,
    ]);

    private static readonly (byte[] Mark, Encoding Encoding)[] Marks =
    [
        ([0xEF, 0xBB, 0xBF], new UTF8Encoding(false, throwOnInvalidBytes: true)),
        // before UTF-16, whose mark it begins with
        ([0xFF, 0xFE, 0x00, 0x00], new UTF32Encoding(bigEndian: false, byteOrderMark: true, throwOnInvalidCharacters: true)),
        ([0x00, 0x00, 0xFE, 0xFF], new UTF32Encoding(bigEndian: true, byteOrderMark: true, throwOnInvalidCharacters: true)),
        ([0xFF, 0xFE], new UnicodeEncoding(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true)),
        ([0xFE, 0xFF], new UnicodeEncoding(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true)),
    ];

    /// <summary>Reads a file whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mostBytes">The most bytes that it may have.</param>
    /// <exception cref="InvalidRequestException">It is too long, or not text.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string ReadFile(string path, int mostBytes)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"There is no file {path}.", path);
        }

        using var file = PlainFile.OpenRead(path); // its length, not the entry's: of a link that is the length of the link's text
        return file.CanSeek && file.Length > mostBytes ? throw TooLong(path, mostBytes) : Decode(ReadAll(file, path, mostBytes), path);
    }

    /// <summary>Decodes text; its byte order mark is not part of it.</summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="InvalidRequestException">It is not text in UTF-8, or in the encoding that its byte order mark names.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string source)
    {
        var (mark, encoding) = MarkOf(bytes);
        var body = encoding is UTF8Encoding && bytes is [.., EndOfDosFiles] ? bytes[mark.Length..^1] : bytes[mark.Length..];
        string text;
        try
        {
            text = encoding.GetString(body);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidRequestException(
                "file",
                $"{PlaceOfBadBytes(encoding, body, source)}: this is not {encoding.WebName.ToUpperInvariant()}: {WayOut(body)}"
            );
        }

        RequireText(text, body, source);
        return text;
    }

    /// <summary>
    /// Refuses what is not text though it decodes: other encodings that consist of ASCII, two files in one, a terminal's codes.
    /// </summary>
    private static void RequireText(string text, ReadOnlySpan<byte> body, string source)
    {
        var at = text.AsSpan().IndexOfAny(NotText);
        if (at < 0)
        {
            if (SevenBitChinese().Match(text) is { Success: true } match)
            {
                throw Refused(match.Index, "it looks like Chinese in the encoding HZ: save it as UTF-8.");
            }

            return;
        }

        throw Refused(
            at,
            text[at] switch
            {
                '\0' => $"text has no NUL characters: {WayOut(body)}",
                ByteOrderMark =>
                    "a byte order mark (U+FEFF) stands within the text, as where two files were joined: remove it, and what was "
                        + "the head of the second file.",
                Escape when at + 1 < text.Length && text[at + 1] is '$' or '(' =>
                    "it looks like ISO-2022-JP or its kin, not UTF-8: save it as UTF-8.",
                Escape => "a code for a terminal (U+001B), such as of a color, is not text: write the file without colors.",
                _ => $"the control character U+{(int)text[at]:X4} is not text: remove it.",
            }
        );

        InvalidRequestException Refused(int offset, string why) => new("file", $"{Place(text, offset, source)}: {why}");
    }

    [GeneratedRegex(@"~\{(?:[!-w][!-~]){2,}~\}")]
    private static partial Regex SevenBitChinese();

    private static (byte[] Mark, Encoding Encoding) MarkOf(ReadOnlySpan<byte> bytes)
    {
        foreach (var one in Marks)
        {
            if (bytes.StartsWith(one.Mark))
            {
                return one;
            }
        }

        return ([], Marks[0].Encoding);
    }

    private static string WayOut(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith("PK\u0003\u0004"u8) ? "it looks like a workbook or an archive; save the table as \"CSV UTF-8\"."
        : bytes.Length > 1 && (bytes[0] == 0 || bytes[1] == 0) ? "it looks like UTF-16 without a byte order mark; save it as UTF-8."
        : "save it as UTF-8 (Excel calls it \"CSV UTF-8\").";

    private static string PlaceOfBadBytes(Encoding encoding, ReadOnlySpan<byte> body, string source)
    {
        var text = Encoding.GetEncoding(encoding.CodePage).GetString(body); // with U+FFFD for what is bad
        return Place(text, Math.Max(0, text.IndexOf('\uFFFD', StringComparison.Ordinal)), source);
    }

    private static string Place(string text, int offset, string source)
    {
        var (line, column) = new TextLines(text).PlaceOf(offset);
        return $"{source}:{line}:{column}";
    }

    private static byte[] ReadAll(Stream stream, string source, int mostBytes)
    {
        using var all = new MemoryStream();
        var buffer = new byte[81920];
        while (stream.Read(buffer) is var count and > 0)
        {
            all.Write(buffer, 0, count);
            if (all.Length > mostBytes)
            {
                throw TooLong(source, mostBytes);
            }
        }

        return all.ToArray();
    }

    private static InvalidRequestException TooLong(string source, int mostBytes) =>
        new("file", $"{source} is longer than {(mostBytes < 1 << 20 ? $"{mostBytes >> 10} KB" : $"{mostBytes >> 20} MB")}: divide it.");
}
