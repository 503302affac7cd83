using System.Text.RegularExpressions;

namespace WanSharp.Models.Layout;

/// <summary>
/// Reads from a path which of two experts a LoRA is for. LoRAs are called by what they show, so that high and low, H and L count where they
/// say noise, where they end the name, and where the other one is next to it: high heels have no low ones.
/// </summary>
internal static partial class LoraNoise
{
    private const int MostLookedAt = 10_000;

    /// <summary><c>high</c> or <c>low</c>; null if the path says neither.</summary>
    public static string? Of(string path)
    {
        var stem = FileWords.Stem(path);
        if (ExpertNames.NoiseOfWords(path) is { } noise)
        {
            return ExpertNames.Unsure(stem).All(EndsThere) || HasTwin(path, noise) ? noise : null;
        }

        return ExpertLetters.NoiseOf(path) is { } letters && (TwoLetters().IsMatch(stem) || HasTwin(path, letters)) ? letters : null;
    }

    private static bool EndsThere(string rest) => Neutral().Replace(FileWords.WithoutVersion(rest), "").Length == 0;

    private static bool HasTwin(string path, string noise)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return File.Exists(ExpertNames.Swapped(path))
            || (
                Directory.Exists(folder)
                && Directory.EnumerateFiles(folder).Take(MostLookedAt).ToList() is var files
                && (
                    files.Exists(other => noise == ExpertNames.High ? ExpertTwins.AreTwins(path, other) : ExpertTwins.AreTwins(other, path))
                    || ExpertLetters.OfPairs(files).ContainsKey(Path.Combine(folder, Path.GetFileName(path)))
                )
            );
    }

    // What a name may say behind it that is not what the LoRA shows.
    [GeneratedRegex(
        "noise|lora|locon|lokr|model|expert|wan[-_. ]?2[-_. ]?2|[ti]2v|a?14b|lightning|lightx2v|epochs?|steps?|rank|dim|alpha"
            + "|final|[^A-Za-z]|(?<![A-Za-z])[ersv](?=[0-9])",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Neutral();

    [GeneratedRegex("(?<![A-Za-z])[HL]N(?![A-Za-z])", RegexOptions.IgnoreCase)]
    private static partial Regex TwoLetters();
}
