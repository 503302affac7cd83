using System.Buffers;

namespace WanSharp.Models.Hub;

/// <summary>Paths in repositories. They come from strangers, and become paths on this machine.</summary>
internal static class HubPath
{
    private const int Longest = 1000;
    private static readonly SearchValues<char> Wrong = SearchValues.Create("\\:*?\"<>|");

    /// <summary>Whether a path stays in its folder on every system.</summary>
    public static bool IsSafe(string path) =>
        path.Length is > 0 and <= Longest
        && !path.AsSpan().ContainsAny(Wrong)
        && !path.Any(char.IsControl)
        && path.Split('/').All(part => part.Length > 0 && part is not ("." or "..") && part[^1] is not ('.' or ' '));

    /// <summary>The place of a repository's path below a folder.</summary>
    public static string In(string folder, string path) => Path.Combine([folder, .. path.Split('/')]);

    /// <summary>Whether a path matches one of some patterns, in which <c>*</c> stands for any characters, slashes too.</summary>
    public static bool Matches(string path, IEnumerable<string> patterns) =>
        patterns.Any(pattern =>
            System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(
                pattern.EndsWith('/') ? pattern + "*" : pattern,
                path,
                ignoreCase: false
            )
        );
}
