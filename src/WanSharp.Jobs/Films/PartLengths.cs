namespace WanSharp.Jobs.Films;

/// <summary>Divides a section into clips that the model can make.</summary>
internal static class PartLengths
{
    /// <summary>How many frames each clip shows: as even as it goes, so that none is much shorter than what the model knows.</summary>
    /// <param name="shown">The frames that the section shows.</param>
    /// <param name="longest">The frames of the model's clips.</param>
    /// <param name="skipped">The frames of the first clip that are not shown.</param>
    /// <param name="overlap">The frames of each later clip that are not shown.</param>
    public static IReadOnlyList<int> Divide(int shown, int longest, int skipped, int overlap)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shown, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(Math.Max(skipped, overlap), longest);
        var first = longest - skipped;
        if (shown <= first)
        {
            return [shown];
        }

        var count = 1 + ((shown - first + longest - overlap - 1) / (longest - overlap));
        var lengths = new int[count];
        var rest = shown;
        for (var i = 0; i < count; i++)
        {
            var most = i == 0 ? first : longest - overlap;
            var even = (rest + count - i - 1) / (count - i);
            var least = rest - ((count - i - 1) * (longest - overlap)); // what later clips have no room for
            lengths[i] = Math.Clamp(even, least, most);
            rest -= lengths[i];
        }

        return lengths;
    }
}
