using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Engine.Requests;

/// <summary>What prompts may hold, whatever brings them: text of any language, and nothing that stands for text that was lost.</summary>
public static partial class PromptText
{
    private const char Lost = '\uFFFD';
    private const char ByteOrderMark = '\uFEFF';

    // What programs print where there is no text.
    private static readonly string[] Nothings = ["null", "none", "nan", "nil", "undefined", "n/a", "<na>", "nat", "\\n", "[object object]"];

    // English, German, French, Spanish, Portuguese, Italian and Russian, as spreadsheets write them.
    private static readonly string[] TruthValues =
    [
        "true",
        "false",
        "wahr",
        "falsch",
        "vrai",
        "faux",
        "verdadero",
        "verdadeiro",
        "vero",
        "falso",
        "истина",
        "ложь",
    ];

    private static readonly string[] Nones = ["none", "null", "n/a"];

    /// <summary>Whether a text is what programs print where there is none: <c>NULL</c>, <c>None</c>, <c>nan</c>.</summary>
    public static bool IsNothing(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Nothings.Contains(text.Trim(), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Whether people write it for a prompt that is left empty; a program may, too, and means the same.</summary>
    public static bool IsNone(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Nones.Contains(text.Trim(), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The text of a prompt that a text encoder can read.</summary>
    /// <param name="field">The setting that it is of: <c>prompt</c> or <c>negative</c>.</param>
    /// <param name="text">The text.</param>
    /// <param name="mayBeEmpty">Whether there may be none.</param>
    /// <returns><paramref name="text"/>, or nothing where there may be none and it says that there is none.</returns>
    /// <exception cref="InvalidRequestException">It is empty, too long, not text, or not what somebody wrote.</exception>
    public static string Require(string field, string text, bool mayBeEmpty)
    {
        ArgumentNullException.ThrowIfNull(text);
        var name = field == "prompt" ? "prompt" : $"{field} prompt";
        var isEmpty = string.IsNullOrWhiteSpace(text);
        return mayBeEmpty && IsNone(text) ? ""
            : ProblemOf(text, name) is { } problem ? throw new InvalidRequestException(field, problem)
            : !isEmpty && ProblemOfWords(text, name, mayBeEmpty) is { } noWords ? throw new InvalidRequestException(field, noWords)
            : isEmpty && !mayBeEmpty
                ? throw new InvalidRequestException(
                    field,
                    "The prompt is empty: say what the video is to show, such as \"a red circle moving left on a black background\"."
                )
            : text;
    }

    private static string? ProblemOf(string text, string name)
    {
        if (text.Length > GenerationRequest.MaximumPromptLength)
        {
            return $"The {name} is longer than {GenerationRequest.MaximumPromptLength} characters: shorten it.";
        }

        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == Lost)
            {
                return $"The {name} has a U+FFFD, which stands where a letter could not be read: write the letter again, and save or pass "
                    + "the text as UTF-8.";
            }

            if (c == ByteOrderMark)
            {
                return $"The {name} has a byte order mark (U+FEFF), which is no letter: remove it.";
            }

            if (IsNotText(c))
            {
                return $"The {name} has the {(char.IsControl(c) ? "control character" : "code")} U+{(int)c:X4}, which is not text: remove "
                    + "it, or save the text as UTF-8.";
            }

            if (char.IsSurrogate(c) && !Rune.TryGetRuneAt(text, i++, out _))
            {
                return $"The {name} is not valid Unicode text: character {i - 1} is half of a surrogate pair.";
            }
        }

        return null;
    }

    /// <summary>What is wrong with a text that has letters, but not those that were written.</summary>
    private static string? ProblemOfWords(string text, string name, bool mayBeEmpty)
    {
        var (marks, letters) = (text.Count(c => c == '?'), text.EnumerateRunes().Count(IsOfAWord));
        var leaveOut = mayBeEmpty ? "leave it out" : "say what the video is to show";
        return marks > 1 && marks >= letters
                ? $"The {name} is mostly question marks, as programs write for letters that they cannot save: save the text as UTF-8 "
                    + "(Excel calls it \"CSV UTF-8\")."
            : letters == 0 ? $"The {name} contains no words: {leaveOut}."
            : OtherTag().Match(text) is { Success: true } tag
                ? $"The {name} has a tag of another program, {tag.Value}, which would be read as words: write {{a|b}} for a choice and "
                    + "__name__ for a wildcard in a batch, and what the tag means otherwise."
            : WholeText().Match(text) is { Success: true } whole
                ? $"The {name} has '{whole.Value.Trim()}', as programs write around a prompt, which would be read as words: give the "
                    + "prompt alone, and the rest in settings of its own (wan inspect FILE reads such texts)."
            : Unfilled().Match(text) is { Success: true } place
                ? $"The {name} has {place.Value}, a place of a template that was not filled in: write the words there."
            : IsNothing(text) || (mayBeEmpty && IsNoText(text))
                ? $"The {name} is '{text.Trim()}', as programs write for no text: {leaveOut}."
            : null;
    }

    /// <summary>A number or a truth value, as spreadsheets and programs have it for an empty cell and a switch.</summary>
    private static bool IsNoText(string text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out _) || TruthValues.Contains(text.Trim(), StringComparer.OrdinalIgnoreCase);

    /// <summary>Letters, digits, pictures; not what stands between words, or changes the letter before it.</summary>
    private static bool IsOfAWord(Rune rune) =>
        rune.IsAscii
            ? Rune.IsLetterOrDigit(rune)
            : Rune.GetUnicodeCategory(rune)
                is not (
                    UnicodeCategory.SpaceSeparator
                    or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator
                    or UnicodeCategory.Control
                    or UnicodeCategory.Format
                    or UnicodeCategory.NonSpacingMark
                    or UnicodeCategory.EnclosingMark
                    or UnicodeCategory.ConnectorPunctuation
                    or UnicodeCategory.DashPunctuation
                    or UnicodeCategory.OpenPunctuation
                    or UnicodeCategory.ClosePunctuation
                    or UnicodeCategory.InitialQuotePunctuation
                    or UnicodeCategory.FinalQuotePunctuation
                    or UnicodeCategory.OtherPunctuation
                );

    // Those of SwarmUI and A1111 (mcmonkeyprojects/SwarmUI:src/Text2Image/T2IPromptHandling.cs); <lora:…> is read elsewhere.
    [GeneratedRegex(
        @"<(?:random|wildcard|alternate|alt|fromto|repeat|preset|p|segment|object|region|extend|var|setvar|macro|setmacro|trigger|embed|"
            + @"embedding|hypernet|hypernetwork|refiner|comment|break|clear|param)(?:\[[^\[\]<>]*\])?:[^<>]*>?",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex OtherTag();

    // What A1111 copies, what chats and lists put before a prompt.
    [GeneratedRegex(
        @"(?<![\w-])negative[ _]prompt\s*:|(?<![\w-])(?-i:Steps: \d+, (?=[A-Z]))"
            + @"|^\s*(?:(?:positive |full |final )?prompt\s*:|/imagine\b|```|<think>)",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex WholeText();

    [GeneratedRegex(@"\{\{\s*\w+\s*\}\}|\{prompt\}|\$\{?PROMPT\}?|%PROMPT%|(?<!\S)%s(?!\S)", RegexOptions.IgnoreCase)]
    private static partial Regex Unfilled();

    private static bool IsNotText(char c) => (char.IsControl(c) && c is not ('\t' or '\r' or '\n')) || c is '\uFFFE' or '\uFFFF';
}
