using System.Text;
using WanSharp.Models.Text.Repair;

namespace WanSharp.Models.Text;

/// <summary>Cleans prompts before they are tokenized, as the official code does.</summary>
/// <remarks>
/// Wan-Video/Wan2.1:wan/modules/tokenizers.py: wrongly decoded text is repaired (<see cref="TextRepair"/>), HTML character
/// references are resolved twice, white space is trimmed, and runs of it become one space.
/// </remarks>
public static class PromptCleaner
{
    /// <summary>The cleaned prompt.</summary>
    public static string Clean(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return Tidy(TextRepair.Apply(prompt));
    }

    /// <summary>
    /// What comes after the repair: the official code where it runs without ftfy, as that which made the fixtures.
    /// </summary>
    internal static string Tidy(string prompt)
    {
        var text = HtmlReferences.Resolve(HtmlReferences.Resolve(prompt)).AsSpan();
        var cleaned = new StringBuilder(text.Length);
        var afterSpace = false;
        foreach (var c in Trim(text))
        {
            var isSpace = char.IsWhiteSpace(c);
            if (!isSpace || !afterSpace)
            {
                cleaned.Append(isSpace ? ' ' : c);
            }

            afterSpace = isSpace;
        }

        return cleaned.ToString();
    }

    private static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty && IsTrimmed(text[0]))
        {
            text = text[1..];
        }

        while (!text.IsEmpty && IsTrimmed(text[^1]))
        {
            text = text[..^1];
        }

        return text;
    }

    // Python's strip takes the information separators for white space, the regular expression's \s does not.
    private static bool IsTrimmed(char c) => char.IsWhiteSpace(c) || c is >= '\x1C' and <= '\x1F';
}
