using System.Text;
using System.Text.RegularExpressions;

namespace WanSharp.Models.Text.Repair;

/// <summary>
/// Repairs text that programs spoilt on its way: wrong decodings, character references, typographic quotes, control characters.
/// </summary>
/// <remarks>
/// What ftfy 6.3 does by default (rspeer/python-ftfy:ftfy/__init__.py, <c>fix_text</c>), in its order. Its last step, normalization to
/// NFC, and
/// the width of Japanese and Korean letters are left to the tokenizer, whose own normalization (NFKC) does more.
/// </remarks>
internal static partial class TextRepair
{
    /// <summary>More than any text needs: each round undoes one layer.</summary>
    private const int MostRounds = 100;

    private const char FirstFullWidth = '\uFF01',
        LastFullWidth = '\uFF5E';

    private static readonly Dictionary<char, string> Ligatures = new()
    {
        ['Ĳ'] = "IJ",
        ['ĳ'] = "ij",
        ['ŉ'] = "ʼn",
        ['Ǳ'] = "DZ",
        ['ǲ'] = "Dz",
        ['ǳ'] = "dz",
        ['Ǆ'] = "DŽ",
        ['ǅ'] = "Dž",
        ['ǆ'] = "dž",
        ['Ǉ'] = "LJ",
        ['ǈ'] = "Lj",
        ['ǉ'] = "lj",
        ['Ǌ'] = "NJ",
        ['ǋ'] = "Nj",
        ['ǌ'] = "nj",
        ['ﬀ'] = "ff",
        ['ﬁ'] = "fi",
        ['ﬂ'] = "fl",
        ['ﬃ'] = "ffi",
        ['ﬄ'] = "ffl",
        ['ﬅ'] = "ſt",
        ['ﬆ'] = "st",
    };

    /// <summary>The repaired text.</summary>
    public static string Apply(string text)
    {
        var repaired = new StringBuilder(text.Length);
        var isHtml = false; // from the first < on, character references belong to the text
        for (var start = 0; start < text.Length; )
        {
            var end = text.IndexOf('\n', start) is >= 0 and var at ? at + 1 : text.Length;
            var line = text[start..end];
            isHtml |= line.Contains('<', StringComparison.Ordinal);
            repaired.Append(ApplyToLine(line, isHtml));
            start = end;
        }

        return repaired.ToString();
    }

    private static string ApplyToLine(string line, bool isHtml)
    {
        for (var round = 0; round < MostRounds; round++)
        {
            var before = line;
            line = isHtml ? line : HtmlReferences.ResolveClear(line);
            line = EncodingRepair.ReplaceControls(EncodingRepair.Apply(line));
            line = TerminalEscapes().Replace(ReplaceCharacters(line), "");
            line = Unprintable().Replace(line, "");
            if (line == before)
            {
                break;
            }
        }

        return line;
    }

    /// <summary>
    /// Ligatures as letters, letters of full width as narrow ones, quotes straight, line ends as one, halves of characters as
    /// U+FFFD.
    /// </summary>
    private static string ReplaceCharacters(string text)
    {
        var replaced = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsSurrogate(c))
            {
                var isWhole = i + 1 < text.Length && char.IsSurrogatePair(c, text[i + 1]);
                replaced.Append(isWhole ? text.AsSpan(i, 2) : "\uFFFD");
                i += isWhole ? 1 : 0;
            }
            else if (Ligatures.TryGetValue(c, out var letters))
            {
                replaced.Append(letters);
            }
            else if (c != '\r' || i + 1 == text.Length || text[i + 1] != '\n')
            {
                replaced.Append(Replace(c));
            }
        }

        return replaced.ToString();
    }

    private static char Replace(char c) =>
        c switch
        {
            >= FirstFullWidth and <= LastFullWidth => (char)(c - FirstFullWidth + '!'),
            '\u3000' => ' ',
            '\u02BC' or (>= '\u2018' and <= '\u201B') => '\'',
            >= '\u201C' and <= '\u201F' => '"',
            '\r' or '\u2028' or '\u2029' or '\u0085' => '\n',

            // Characters that are another one in NFC, where wrong decodings are full of that.
            '\u037E' => ';',
            '\u0387' => '\u00B7',
            '\u1FEF' => '`',
            '\u2126' => '\u03A9',
            '\u212A' => 'K',
            '\u212B' => '\u00C5',
            _ => c,
        };

    [GeneratedRegex(@"\e\[[\d;]*[a-zA-Z]")]
    private static partial Regex TerminalEscapes();

    /// <summary>Control characters but white space and those that join and direct letters; annotations, marks of byte order.</summary>
    [GeneratedRegex("[\0-\u0008\u000B\u000E-\u001F\u007F\u206A-\u206F\uFEFF\uFFF9-\uFFFC]")]
    private static partial Regex Unprintable();
}
