using System.Text;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// A line of a terminal that is redrawn in place. It never reaches the last column, where a terminal would begin another line
/// that stays.
/// </summary>
internal static class TerminalLine
{
    private const string Clear = "\r\e[K";
    private const int FirstWide = 0x1100; // Hangul; what comes before takes one column
    private const int FirstSymbol = 0x2010,
        LastSymbol = 0x2E7F; // dashes, arrows, boxes: one column

    /// <summary>Draws a text in the place of what was there.</summary>
    public static void Draw(CliEnvironment environment, string text) => environment.Error.Write(Clear + Fit(text, environment.Columns()));

    /// <summary>Removes the line.</summary>
    public static void Remove(CliEnvironment environment) => environment.Error.Write(Clear);

    /// <summary>As much of a text as fits in a line.</summary>
    /// <param name="text">The text.</param>
    /// <param name="columns">The terminal's columns.</param>
    public static string Fit(string text, int columns)
    {
        var (width, kept, cut) = (0, new StringBuilder(), 0);
        foreach (var rune in PlainText.OneLine(text).EnumerateRunes())
        {
            width += Width(rune);
            if (width >= columns)
            {
                return kept.ToString(0, cut) + "…";
            }

            kept.Append(rune);
            cut = width < columns - 1 ? kept.Length : cut; // room for the dots
        }

        return kept.ToString();
    }

    private static int Width(Rune rune) => rune.Value is < FirstWide or (>= FirstSymbol and <= LastSymbol) ? 1 : 2;
}
