using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace WanSharp.Jobs.Batches;

/// <summary>Seeds as written on a command line: <c>7</c>, <c>0..3</c> (both ends included), <c>1,5,10..12</c>.</summary>
public static class SeedRange
{
    private const int Most = BatchFile.MostJobs;

    /// <summary>Reads seeds.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="seeds">The seeds, in the order written.</param>
    /// <param name="error">One line: what is wrong, and the way out.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out IReadOnlyList<ulong>? seeds, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        (seeds, error) = (null, null);
        var found = new List<ulong>();
        foreach (var part in text.Split(','))
        {
            var ends = part.Split("..");
            if (ends.Length > 2 || !TryNumber(ends[0], out var first) || !TryNumber(ends[^1], out var last) || last < first)
            {
                error = $"'{part}' is no seed and no range of seeds: write 7, 0..3 or 1,5,9.";
                return false;
            }

            if (last - first >= (ulong)(Most - found.Count))
            {
                error = $"'{text}' are more than {Most} seeds.";
                return false;
            }

            for (var i = 0UL; i <= last - first; i++)
            {
                found.Add(first + i);
            }
        }

        seeds = found;
        return true;
    }

    private static bool TryNumber(string text, out ulong number) => ulong.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
