using System.Text.RegularExpressions;

namespace WanSharp.Models.Layout;

/// <summary>
/// Reads from a name without a word for it which expert a file is, where it says so by letters: <c>HN</c> and <c>LN</c>, or <c>H</c> and
/// <c>L</c>, <c>Hi</c> and <c>Lo</c>, which may mean other things, too.
/// </summary>
internal static partial class ExpertLetters
{
    /// <summary>The noise that letters in a name say surely: HN and LN, or others in the name of a Wan 2.2 model; else null.</summary>
    public static string? NoiseOf(string path) =>
        Find(path) is { } letters && (char.ToLowerInvariant(letters[^1]) == 'n' || ExpertNames.SaysWan22(path)) ? Noise(letters) : null;

    /// <summary>The noise that letters in a file's name may say, unless it is called Wan 2.1; else null.</summary>
    public static string? PossibleNoiseOf(string path) => Find(path) is { } letters ? Noise(letters) : null;

    /// <summary>The noise that files without a word for it are for, if two differ in these letters alone.</summary>
    public static IReadOnlyDictionary<string, string> OfPairs(IReadOnlyList<string> paths)
    {
        var lettered = paths
            .Select(path => (Path: path, Match: Letters().Match(FileWords.Stem(path))))
            .Where(file => file.Match.Success)
            .Select(file => (file.Path, Noise: Noise(file.Match.Value)));
        var pairs = lettered
            .GroupBy(file => FileWords.Plain(Letters().Replace(FileWords.Stem(file.Path), "")))
            .Where(group => group.Select(file => file.Noise).Order().SequenceEqual([ExpertNames.High, ExpertNames.Low]));
        return pairs.SelectMany(pair => pair).ToDictionary(file => file.Path, file => file.Noise);
    }

    /// <summary>The letters of a name, or of a folder that is called by nothing else; null if there are none, or both.</summary>
    private static string? Find(string path)
    {
        var stem = FileWords.Stem(path);
        if (ExpertNames.SaysWan21(stem))
        {
            return null;
        }

        List<string> found = [.. Letters().Matches(stem).Select(match => match.Value)];
        var folder = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path))) ?? "";
        if (found.Count == 0 && Letters().Match(folder) is { } match && match.Length == folder.Length)
        {
            found = [folder];
        }

        return found.Select(Noise).Distinct().Count() == 1 ? found.MaxBy(letters => letters.Length) : null;
    }

    private static string Noise(string letters) => char.ToLowerInvariant(letters[0]) == 'h' ? ExpertNames.High : ExpertNames.Low;

    // They begin as words do, and end there or before a version or a precision. The L of Q3_K_L is GGUF's; hi-res and lo-fi are
    // not about noise.
    [GeneratedRegex(
        @"(?<![-_][kK][-_])(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z])|(?<=\d[bB]|2[vV]))(?:[Hh][NnIi]?|[Ll][NnOo]?)"
            + @"(?:(?![A-Za-z0-9]|(?<=[IiOo])[-_. ]*(?:[rR]es|[dD]ef|[fF]i|[qQ]ual)(?![a-z]))"
            + @"|(?=[vV]\d|(?<=[NnIiOo])(?:[qQ]\d|[fF][pP]\d|[bB][fF]\d)))"
    )]
    private static partial Regex Letters();
}
