using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace WanSharp.Models.Text.Repair;

/// <summary>Resolves HTML character references such as <c>&amp;amp;</c>, as Python's <c>html.unescape</c> does.</summary>
/// <remarks>The rules are HTML 5's (https://html.spec.whatwg.org/multipage/parsing.html#character-reference-state), which
/// <see cref="System.Net.WebUtility"/> does not follow: 2,231 names, some of which need no semicolon, and numbers that stand
/// for other characters than their own.</remarks>
internal static partial class HtmlReferences
{
    // Numbers 0x80 to 0x9F mean what Windows-1252 has there, if it has anything.
    private const string Windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";

    private static readonly Lazy<Dictionary<string, string>> Names = new(ReadNames);

    /// <summary>The text with every reference resolved once.</summary>
    public static string Resolve(string text) =>
        text.Contains('&', StringComparison.Ordinal) ? Reference().Replace(text, match => Resolve(match.Groups[1].ValueSpan)) : text;

    /// <summary>
    /// The text with the references resolved that are surely meant so, by a semicolon; also those whose name was made upper case
    /// with the rest (<c>&amp;NTILDE;</c>).
    /// </summary>
    /// <remarks>rspeer/python-ftfy:ftfy/fixes.py, <c>unescape_html</c>.</remarks>
    public static string ResolveClear(string text) =>
        text.Contains('&', StringComparison.Ordinal) ? ClearReference().Replace(text, match => ResolveClear(match.ValueSpan)) : text;

    [GeneratedRegex("&#?[0-9A-Za-z]{1,24};", RegexOptions.CultureInvariant)]
    private static partial Regex ClearReference();

    [GeneratedRegex("&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\\t\\n\\f <&#;]{1,32};?)", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();

    private static string Resolve(ReadOnlySpan<char> reference) =>
        reference[0] == '#' ? ResolveNumber(reference[1..].TrimEnd(';')) : ResolveName(reference);

    private static string ResolveClear(ReadOnlySpan<char> reference)
    {
        var text = reference.ToString();
        if (text[1] == '#')
        {
            return Resolve(text) is var number && !number.Contains(';', StringComparison.Ordinal) ? number : text;
        }

        var names = Names.Value;
        if (names.TryGetValue(text[1..], out var known))
        {
            return known;
        }

        var lower = text[1..].ToLowerInvariant();
        return
            text[1..].Equals(text[1..].ToUpperInvariant(), StringComparison.Ordinal)
            && names.TryGetValue(lower, out var small)
            && Resolve(text) == text
            ? ToUpper(small)
            : text;
    }

    /// <summary>Upper case as Unicode has it, not letter by letter.</summary>
    private static string ToUpper(string text) =>
        text switch
        {
            "ß" => "SS",
            "ŉ" => "ʼN",
            "ﬀ" => "FF",
            "ﬁ" => "FI",
            "ﬂ" => "FL",
            "ﬃ" => "FFI",
            "ﬄ" => "FFL",
            _ => text.ToUpperInvariant(),
        };

    private static string ResolveNumber(ReadOnlySpan<char> digits)
    {
        var isHexadecimal = digits[0] is 'x' or 'X';
        var isSmall = isHexadecimal
            ? uint.TryParse(digits[1..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            : uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        if (!isSmall || number == 0 || !Rune.IsValid(number))
        {
            return "\uFFFD";
        }

        return number is >= 0x80 and <= 0x9F ? Windows1252.Substring((int)number - 0x80, 1)
            : IsNothing(number) ? ""
            : new Rune(number).ToString();
    }

    // Control characters (but tab, line feed, form feed and carriage return) and code points that Unicode never assigns.
    private static bool IsNothing(uint number) =>
        number is <= 8 or 0xB or (>= 0xE and <= 0x1F) or 0x7F or (>= 0xFDD0 and <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE;

    private static string ResolveName(ReadOnlySpan<char> name)
    {
        // The longest name that it begins with: "&notit;" is "¬it;".
        var names = Names.Value.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var length = name.Length; length > 1; length--)
        {
            if (names.TryGetValue(name[..length], out var text))
            {
                return string.Concat(text, name[length..]);
            }
        }

        return $"&{name}";
    }

    /// <summary>The names, one a line: as written between &amp; and text, then its code points in hexadecimal.</summary>
    private static Dictionary<string, string> ReadNames()
    {
        using var stream = typeof(HtmlReferences).Assembly.GetManifestResourceStream(typeof(HtmlReferences), "html-references.txt")!;
        using var reader = new StreamReader(stream);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(' ');
            names.Add(
                fields[0],
                string.Concat(
                    fields[1..]
                        .Select(code => new Rune(int.Parse(code, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToString())
                )
            );
        }

        return names;
    }
}
