namespace WanSharp.Cli.Terminal;

/// <summary>Text from files and libraries, made fit for a terminal: it can neither break a line nor steer the cursor.</summary>
internal static class PlainText
{
    /// <summary>The text with each run of control characters as one space.</summary>
    public static string OneLine(string text) =>
        string.Join(' ', string.Concat(text.Select(c => char.IsControl(c) ? '\n' : c)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
}
