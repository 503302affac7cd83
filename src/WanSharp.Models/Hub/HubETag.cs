namespace WanSharp.Models.Hub;

/// <summary>The names of contents in a hub's cache: SHA-256 of large files, Git's SHA-1 of small ones.</summary>
internal static class HubETag
{
    /// <summary>Whether a text is such a name.</summary>
    public static bool IsOne(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigitLower);
}
