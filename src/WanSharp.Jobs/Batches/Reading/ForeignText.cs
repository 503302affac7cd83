using System.Text.Json;
using System.Text.RegularExpressions;
using WanSharp.Engine.Requests;

namespace WanSharp.Jobs.Batches.Reading;

/// <summary>What other programs write into a file's texts that nobody means to be in a prompt.</summary>
internal static partial class ForeignText
{
    private const string OtherLineEnds = "\v\f\u0085\u2028\u2029";

    // What other programs call their options.
    private static readonly string[] OptionsOfOthers =
    [
        "ar",
        "aspect",
        "v",
        "version",
        "no",
        "neg",
        "n",
        "seed",
        "d",
        "s",
        "style",
        "stylize",
        "sref",
        "cref",
        "chaos",
        "c",
        "q",
        "quality",
        "iw",
        "niji",
        "tile",
        "weird",
        "stop",
        "w",
        "h",
        "l",
        "g",
        "t",
        "o",
        "raw",
        "video",
        "motion",
        "fast",
        "turbo",
        "relax",
        "steps",
        "cfg",
        "size",
        "length",
        "output",
        "outfile",
        "lora",
        "model",
    ];

    // What a record of a job calls its parts; a prompt that is itself written as JSON has scenes and cameras.
    private static readonly string[] PartsOfJobs =
    [
        "prompt",
        "prompts",
        "text",
        "caption",
        "description",
        "content",
        "role",
        "negative",
        "negative_prompt",
        "seed",
        "id",
    ];

    /// <summary>From about here on lines are folded in mail's encoding.</summary>
    private const int FoldedLength = 60;

    /// <summary>What is wrong with a line of prompts, or a field of a job: it is not as it was written.</summary>
    /// <returns>The problem and the way out; null for a text of any language, with quotes, weights and choices in it.</returns>
    public static string? ProblemOf(string text) =>
        string.IsNullOrWhiteSpace(text) ? null
        : !text.Any(c => c > '~' || char.IsAsciiLetterOrDigit(c)) ? "It contains no words: a prompt says what the video shows."
        : text.AsSpan().IndexOfAny(OtherLineEnds) is >= 0 and var end
            ? $"It has a line end of another kind (U+{(int)text[end]:X4}), so that it may be several prompts: end lines as text files do."
        : Quoted().IsMatch(text)
            ? "The whole text is in quotes, which would be in the prompt: remove them; only in a table do \" around a cell quote it."
        : Formula().Match(text) is { Success: true } formula
            ? $"It begins with {formula.Value}, as spreadsheets and what guards against their formulas write texts, "
                + "and which would be part of the prompt: remove that."
        : IsError(text) ? $"It is a spreadsheet's error, {text.Trim()}: correct it there, and save the table again."
        : Printed().IsMatch(text) || IsRecord(text)
            ? "It is a list or a record as programs print them, whose brackets and quotes would be in the prompt: write the text alone."
        : Macro().IsMatch(text) ? "It begins with !, and gives {names} their values as Wan2GP does: write a prompt for each of them."
        : Option().Matches(text).FirstOrDefault(IsOption) is { } option
            ? $"It has an option, {option.Value.Trim()}, but a prompt is only text: give the option to the command, or write a table "
                + "with a column for it."
        : Tag().Match(text) is { Success: true } tag
            ? $"It has a tag of a web page, {tag.Value}, which would be part of the prompt: remove it, or save the page as text."
        : QuotedPrintable().Match(text) is { Success: true } coded
            ? $"It has letters as mail encodes them, {coded.Value}: decode the file (quoted-printable), and save it as UTF-8."
        : text.Length >= FoldedLength && text.EndsWith('=')
            ? "It ends with =, as mail does where a line goes on: decode the file (quoted-printable), and save it as UTF-8."
        : Escape().Match(text) is { Success: true } escape
            ? $"It has letters as JSON and programs write them, {escape.Value}, which would be part of the prompt: write the letters "
                + "themselves, and a prompt on one line."
        : !text.Contains(' ', StringComparison.Ordinal) && Address().Match(text) is { Success: true } address
            ? $"It is written as addresses are, {address.Value}: write the letters and spaces themselves."
        : SevenBit().Match(text) is { Success: true } seven ? $"It has letters as UTF-7 writes them, {seven.Value}: save the file as UTF-8."
        : null;

    /// <summary>Whether a text is what a spreadsheet shows for a value that it could not compute, in whatever language.</summary>
    public static bool IsError(string text) => text.Trim() is "#N/A" or "#NV" or "#N/D" or "#NA" or "#Н/Д" || Error().IsMatch(text);

    /// <summary>Whether a text is a record of a job, or of one thing; a prompt may be written as JSON, too.</summary>
    private static bool IsRecord(string text)
    {
        if (!Record().IsMatch(text))
        {
            return false;
        }

        try
        {
            using var json = JsonDocument.Parse(text);
            List<string> names = [.. json.RootElement.EnumerateObject().Select(part => part.Name)];
            return names.Count < 2 || names.Exists(name => PartsOfJobs.Contains(name, StringComparer.OrdinalIgnoreCase));
        }
        catch (JsonException)
        {
            return true;
        }
    }

    /// <summary>Whether two dashes and a word are an option, by its name or by the number behind it.</summary>
    private static bool IsOption(Match option) =>
        option.Groups["value"].Success
        || OptionsOfOthers.Contains(option.Groups["name"].Value, StringComparer.OrdinalIgnoreCase)
        || SettingFields.Find(option.Groups["name"].Value.Replace('-', '_').ToLowerInvariant()) is not null;

    // In these patterns no two ways match one text: what comes from strangers would take them all.
    [GeneratedRegex(@"^\s*(?:#[¿¡]?\p{Lu}[\p{Lu}\p{N}/]*[!?]|(?:Err|Error|Fehler|Erreur|Errore|Erro|Ошибка):[0-9]{3})\s*$")]
    private static partial Regex Error();

    [GeneratedRegex("^\\s*b?(?:\"(?:[^\"]|\"\")*\"|“[^“”]*”|„[^„“”]*[“”]|'[^']*'|‘[^‘’]*’|«[^«»]*»|「[^「」]*」|『[^『』]*』),?\\s*$")]
    private static partial Regex Quoted();

    /// <summary>A formula, or the apostrophe that exports put before what could be one; a word in apostrophes is none.</summary>
    [GeneratedRegex("^\\s*(?:=|'[=+@-](?![^']*'(?:\\W|$)))")]
    private static partial Regex Formula();

    /// <summary>Lists, tuples and records of Python and lists of JavaScript; a choice, an alternation or a weight is none.</summary>
    [GeneratedRegex(
        """^\s*(?:\[\s*(['"])(?:(?!\1)[^\\]|\\.)*\1\s*(?:,.*)?\]"""
            + """|\(\s*(['"])(?:(?!\2)[^\\]|\\.)*\2\s*,(?:.*['"]\s*(?:,\s*)?|\s*)\)|\{\s*'\w+'\s*:.*\})\s*$""",
        RegexOptions.Singleline
    )]
    private static partial Regex Printed();

    [GeneratedRegex("""^\s*\{\s*"[^"\\]+"\s*:.*\}\s*$""", RegexOptions.Singleline)]
    private static partial Regex Record();

    [GeneratedRegex(@"^\s*!\s*\{[^{}]*\}\s*=")]
    private static partial Regex Macro();

    /// <summary>Tags that pages have in their text; other words in &lt;&gt; are for whoever trained a model with them.</summary>
    [GeneratedRegex(
        @"</?(?:a|abbr|article|aside|b|blockquote|body|br|code|del|div|em|figure|font|footer|h[1-6]|head|header|hr|html|i|img|ins|li|link|"
            + @"main|mark|meta|nav|ol|p|pre|script|section|small|span|strong|style|sub|sup|table|tbody|td|th|thead|title|tr|u|ul)"
            + @"(?:\s[^<>]*)?/?>",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Tag();

    [GeneratedRegex(@"(?<=^|\s)--(?<name>[A-Za-z](?:[A-Za-z_-]*[A-Za-z])?)(?:(?=(?<value>=|\s+[0-9.:x-]*[0-9](?:\s|$)))|(?=\s|$))")]
    private static partial Regex Option();

    /// <summary>The bytes of one letter of UTF-8.</summary>
    [GeneratedRegex("=(?:C[2-9A-F]|D[0-9A-F]|E[0-9A-F]=[89AB][0-9A-F]|F[0-4](?:=[89AB][0-9A-F]){2})=[89AB][0-9A-F]")]
    private static partial Regex QuotedPrintable();

    /// <summary>A letter by its number, or the end of a line; a backslash before another letter is one of a template's.</summary>
    [GeneratedRegex(@"\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrt](?![a-z]))|(?<=[^\s\\])\\n")]
    private static partial Regex Escape();

    [GeneratedRegex("%(?:20|[2-7C-F][0-9A-F])(?=.*%[0-9A-F]{2})")]
    private static partial Regex Address();

    /// <summary>Letters of which the last is one of Europe's, U+0080 to U+03FF.</summary>
    [GeneratedRegex(@"\+(?:[A-Za-z0-9+/]{8}){0,32}A[I-Za-z0-9+/][AEIMQUYcgkosw048]-")]
    private static partial Regex SevenBit();
}
