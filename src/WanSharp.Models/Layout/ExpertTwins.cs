using System.Text.RegularExpressions;

namespace WanSharp.Models.Layout;

/// <summary>
/// Reads from two names against each other what neither says alone: where they differ in high and low and in nothing else, these words
/// are about noise, whatever stands before and behind them.
/// </summary>
internal static partial class ExpertTwins
{
    /// <summary>The noise of files whose own names do not say it, where another of them is their twin by words or letters.</summary>
    public static IReadOnlyDictionary<string, string> NoisesOf(IReadOnlyList<string> paths)
    {
        var noises = ExpertLetters.OfPairs(paths).ToDictionary();
        List<string> named = [.. paths.Where(path => Word().IsMatch(FileWords.Stem(path)))];
        foreach (var high in named)
        {
            foreach (var low in named.Where(low => AreTwins(high, low)))
            {
                noises.TryAdd(high, ExpertNames.High);
                noises.TryAdd(low, ExpertNames.Low);
            }
        }

        return noises;
    }

    /// <summary>Whether two files are surely the twins of one model: the first for high noise, the second for low.</summary>
    public static bool AreTwins(string high, string low) =>
        !IsOfWan21(high, low)
        && RestsOf(FileWords.Stem(high), FileWords.Stem(low)) is { Count: > 0 } rests
        && rests.TrueForAll(rest =>
            !ExpertNames.IsQualifier(rest) || (ExpertNames.SaysWan22(high) && !AreMerged(high, low) && !OfUse().IsMatch(rest))
        );

    /// <summary>
    /// Whether two files of one shape may be twins: their paths differ in high and low, in words for a first and a second, or, of Wan 2.2,
    /// whose models have two experts, in any one word.
    /// </summary>
    public static bool MayBeTwins(string a, string b) =>
        !IsOfWan21(a, b)
        && (
            RestsOf(NameOf(a), NameOf(b)) is { Count: > 0 }
            || RestsOf(NameOf(b), NameOf(a)) is { Count: > 0 }
            || AreInTurn(NameOf(a), NameOf(b))
            || (ExpertNames.SaysWan22(a) && !ExpertNames.SaysMerged(a) && DifferInAWord(FileWords.Stem(a), FileWords.Stem(b)))
        );

    private static bool IsOfWan21(params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            if (ExpertNames.IsOfWan21(path))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether one of two names says that both experts are in its file.</summary>
    private static bool AreMerged(string one, string other) => ExpertNames.SaysMerged(one) || ExpertNames.SaysMerged(other);

    private static string NameOf(string path) =>
        $"{Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path)))}/{FileWords.Stem(path)}";

    /// <summary>
    /// What stands behind each word that is high in one name and low in the other; null if they differ in more. Case and separators do
    /// not count.
    /// </summary>
    private static List<string>? RestsOf(string high, string low)
    {
        List<string> rests = [];
        var (i, j) = (0, 0);
        while (true)
        {
            (i, j) = (Skip(high, i), Skip(low, j));
            if (i == high.Length || j == low.Length)
            {
                return i == high.Length && j == low.Length ? rests : null;
            }

            if (char.ToLowerInvariant(high[i]) == char.ToLowerInvariant(low[j]))
            {
                (i, j) = (i + 1, j + 1);
            }
            else if (
                high.AsSpan(i).StartsWith(ExpertNames.High, StringComparison.OrdinalIgnoreCase)
                && low.AsSpan(j).StartsWith(ExpertNames.Low, StringComparison.OrdinalIgnoreCase)
            )
            {
                (i, j) = (i + ExpertNames.High.Length, j + ExpertNames.Low.Length);
                rests.Add(high[i..]);
            }
            else
            {
                return null;
            }
        }

        static int Skip(string name, int at)
        {
            while (at < name.Length && "-_. ()".Contains(name[at], StringComparison.Ordinal))
            {
                at++;
            }

            return at;
        }
    }

    /// <summary>Whether one name says what comes first, and the other what comes second.</summary>
    private static bool AreInTurn(string a, string b)
    {
        var (one, other) = (Turn().Match(a), Turn().Match(b));
        return one.Success
            && other.Success
            && one.Groups["first"].Success != other.Groups["first"].Success
            && FileWords.Plain(a.Remove(one.Index, one.Length)) == FileWords.Plain(b.Remove(other.Index, other.Length));
    }

    /// <summary>
    /// Whether names differ in one word alone that is no precision, date, version, or number of a training's steps: 1 and 2 are as likely
    /// the first and the second half of the steps.
    /// </summary>
    private static bool DifferInAWord(string a, string b)
    {
        var (one, other) = (WordsOf(a), WordsOf(b));
        return one.Length == other.Length
            && one.Zip(other).Where(pair => pair.First != pair.Second).ToList() is [var pair]
            && (
                pair is ("1", "2") or ("2", "1")
                    ? !NumbersVersion().IsMatch(a) && !NumbersVersion().IsMatch(b)
                    : !(Saved().IsMatch(pair.First) && Saved().IsMatch(pair.Second))
            );
    }

    private static string[] WordsOf(string name) =>
        FileWords.WithoutVersion(name).ToLowerInvariant().Split(['-', '_', '.', ' ', '(', ')'], StringSplitOptions.RemoveEmptyEntries);

    // What a training counts that saves as it goes.
    [GeneratedRegex("^(?:epochs?|ep|e|steps?|s|iter|iteration|ckpt|checkpoint|global_step)?[0-9]+$")]
    private static partial Regex Saved();

    // The second number of a version.
    [GeneratedRegex(@"[0-9]\.[12](?![0-9])(?!.*(?<![0-9.])[12](?![0-9.]))")]
    private static partial Regex NumbersVersion();

    [GeneratedRegex("high|low", RegexOptions.IgnoreCase)]
    private static partial Regex Word();

    // What a file is made for rather than what it does: two of one model may differ in it, and be whole.
    [GeneratedRegex("^[-_. ]*(?:quality|qual|hq|v?ram|mem|memory|bits?|bitrate|res|resolution|def|definition)", RegexOptions.IgnoreCase)]
    private static partial Regex OfUse();

    [GeneratedRegex(
        "(?<![a-z])(?:(?<first>(?:stage|expert|phase)[-_. ]?1(?![0-9])|(?:first|start|begin|upper|early)(?![a-z]))"
            + "|(?:stage|expert|phase)[-_. ]?2(?![0-9])|(?:second|end|lower|late)(?![a-z]))",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Turn();
}
