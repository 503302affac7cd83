using System.Text.RegularExpressions;

namespace WanSharp.Models.Layout;

/// <summary>
/// Tells the files of Wan 2.2's two experts apart. Their tensors have the same names and shapes, so here, and only here, a
/// path decides: <c>high</c> and <c>low</c> in it (official, ComfyUI), or Diffusers' <c>transformer</c> and <c>transformer_2</c>.
/// </summary>
internal static partial class ExpertPairs
{
    /// <summary>Where the other expert of a file would be, or null if its path names none.</summary>
    public static string? Other(string path)
    {
        var other = High().IsMatch(path) ? Swap(High(), path, "low") : Low().IsMatch(path) ? Swap(Low(), path, "high") : path;
        if (other == path)
        {
            other = Second().IsMatch(path) ? Second().Replace(path, "/transformer/") : First().Replace(path, "/transformer_2/");
        }

        return other == path ? null : other;
    }

    /// <summary>Whether a file's name, or its folder's, says that it is one of two experts.</summary>
    public static bool IsExpert(string path) => Expert().IsMatch(Path.Combine(Path.GetFileName(Path.GetDirectoryName(path)) ?? "", Path.GetFileName(path)));

    /// <summary>The noise that an expert's file is for, <c>high</c> or <c>low</c>; null if it is no expert's by its name, and the other's is not there.</summary>
    public static string? NoiseOf(string path) =>
        !IsExpert(path) && !File.Exists(Other(path)) ? null
        : IsHigh(path) ? "high" : "low";

    /// <summary>Which of two paths is the high-noise expert's, or null if they are no pair.</summary>
    public static string? HighNoiseOf(string a, string b) =>
        Other(a) != b && !IsDiffusersPair(a, b) && !IsDiffusersPair(b, a) ? null
        : IsHigh(a) ? a : b;

    private static bool IsHigh(string path) => High().IsMatch(path) || (!Low().IsMatch(path) && First().IsMatch(path));

    // Shards may be numbered differently in the two folders.
    private static bool IsDiffusersPair(string a, string b) => First().IsMatch(a) && Second().IsMatch(b);

    private static string Swap(Regex word, string path, string other) =>
        word.Replace(path, match => char.IsUpper(match.Value[0]) ? (char.IsUpper(match.Value[^1]) ? other.ToUpperInvariant() : char.ToUpperInvariant(other[0]) + other[1..]) : other);

    // The last "high" of the path: a folder above may be called anything.
    [GeneratedRegex("high(?!.*(high|low))", RegexOptions.IgnoreCase)]
    private static partial Regex High();

    [GeneratedRegex("low(?!.*(high|low))", RegexOptions.IgnoreCase)]
    private static partial Regex Low();

    [GeneratedRegex("(high|low)[-_ ]?noise", RegexOptions.IgnoreCase)]
    private static partial Regex Expert();

    [GeneratedRegex(@"[\\/]transformer[\\/]")]
    private static partial Regex First();

    [GeneratedRegex(@"[\\/]transformer_2[\\/]")]
    private static partial Regex Second();
}
