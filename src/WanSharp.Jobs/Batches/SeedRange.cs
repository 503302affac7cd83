using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace WanSharp.Jobs.Batches;

/// <summary>
/// Seeds as written on a command line: <c>7</c>, <c>0..3</c> (both ends included), <c>1,5,10..12</c>, <c>random</c>,
/// <c>random:4</c>.
/// </summary>
public static class SeedRange
{
    private const int Most = BatchFile.MostJobs;
    private const string Drawn = "random";

    /// <summary>Reads seeds.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="seeds">The seeds, in the order written; null for each that is to be drawn.</param>
    /// <param name="error">One line: what is wrong, and the way out.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out IReadOnlyList<ulong?>? seeds, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        (seeds, error) = (null, null);
        var found = new List<ulong?>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!TryPart(part, out var first, out var count, out var draws))
            {
                error = $"'{part}' is not a seed or a range of seeds: write 7, 0..3, 1,5,9 or random:4.";
                return false;
            }

            if (count > (ulong)(Most - found.Count))
            {
                error = $"'{text}' is more than {Most} seeds.";
                return false;
            }

            for (var i = 0UL; i < count; i++)
            {
                found.Add(draws ? null : first + i);
            }
        }

        seeds = found;
        return true;
    }

    private static bool TryPart(string part, out ulong first, out ulong count, out bool draws)
    {
        draws = part.StartsWith(Drawn, StringComparison.OrdinalIgnoreCase) || part == "-1";
        if (draws)
        {
            (first, count) = (0, 1);
            var rest = part == "-1" ? "" : part[Drawn.Length..];
            return rest.Length == 0 || (rest[0] == ':' && TryNumber(rest[1..], out count) && count > 0);
        }

        count = 0;
        var ends = part.Split("..");
        if (!TryNumber(ends[0], out first) || ends.Length > 2 || !TryNumber(ends[^1], out var last) || last < first)
        {
            return false;
        }

        count = last - first == ulong.MaxValue ? ulong.MaxValue : last - first + 1;
        return true;
    }

    private static bool TryNumber(string text, out ulong number) =>
        ulong.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
