namespace WanSharp.Tensors;

/// <summary>Says what is odd about a path where nothing is: what people and programs put around the path that they mean.</summary>
public static class NamedPath
{
    private static readonly char[] Quotes = ['"', '\'', '“', '”', '„', '‘', '’', '«', '»', '`'];

    /// <summary>Whether a text is an address rather than a path: <c>https://…</c>, <c>file:///…</c>.</summary>
    public static bool IsAddress(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.IndexOf("://", StringComparison.Ordinal) is > 1 and var end && text[..end].All(char.IsAsciiLetterOrDigit);
    }

    /// <summary>What is odd, and the way out; null if nothing is.</summary>
    public static string? ProblemOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var meant = text.Trim().Trim(Quotes).Trim();
        return IsAddress(text)
            ? text.StartsWith("file:", StringComparison.OrdinalIgnoreCase)
                ? $"it is an address, and a path is wanted: write '{PathOf(text)}'."
                : "it is an address, and nothing is downloaded from it: download it, and name the file."
            : meant.Length == text.Length
                ? null
                : text.Length > 0 && (char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1]))
                    ? $"it {(char.IsWhiteSpace(text[^1]) ? "ends" : "begins")} with a space: write '{meant}'."
                    : "quotes at its begin or end are read as part of the name: leave them out.";
    }

    private static string PathOf(string address) =>
        Uri.TryCreate(address.Trim(), UriKind.Absolute, out var uri) ? uri.LocalPath : Uri.UnescapeDataString(address["file://".Length..]);
}
