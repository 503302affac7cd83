using System.Text;

namespace WanSharp.Jobs.Comfy;

/// <summary>
/// What Python's <c>json</c> writes where JSON has no number: <c>NaN</c> and <c>Infinity</c>, such as in what ComfyUI keeps of nodes that
/// always run again.
/// </summary>
internal static class PythonJson
{
    private static readonly string[] Words = ["NaN", "Infinity", "-Infinity"];

    /// <summary>A text with null for these words, outside of strings.</summary>
    public static string ToJson(string text)
    {
        if (!Words.Any(word => text.Contains(word, StringComparison.Ordinal)))
        {
            return text;
        }

        var json = new StringBuilder(text.Length);
        var isString = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (isString && text[i] == '\\' && i + 1 < text.Length)
            {
                json.Append(text[i++]).Append(text[i]);
                continue;
            }

            isString ^= text[i] == '"';
            if (!isString && WordAt(text, i) is { } word)
            {
                json.Append("null");
                i += word.Length - 1;
            }
            else
            {
                json.Append(text[i]);
            }
        }

        return json.ToString();
    }

    private static string? WordAt(string text, int at) =>
        at > 0 && IsOfWord(text[at - 1])
            ? null
            : Array.Find(
                Words,
                word =>
                    text.AsSpan(at).StartsWith(word, StringComparison.Ordinal)
                    && (at + word.Length == text.Length || !IsOfWord(text[at + word.Length]))
            );

    private static bool IsOfWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.';
}
