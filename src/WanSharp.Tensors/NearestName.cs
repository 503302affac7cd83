namespace WanSharp.Tensors;

/// <summary>Suggests the name that a misspelt one was meant to be. Thread-safe.</summary>
public static class NearestName
{
    /// <summary>The end of an error's message: <c> Did you mean unipc?</c>, or nothing when no name is near.</summary>
    /// <param name="written">What was written.</param>
    /// <param name="names">The names that there are.</param>
    public static string Hint(string written, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(written);
        var nearest = names.MinBy(name => EditDistance(written, name));
        return nearest is not null && EditDistance(written, nearest) <= nearest.Length / 2 ? $" Did you mean {nearest}?" : "";
    }

    /// <summary>Levenshtein's distance: how many letters to add, drop or change.</summary>
    private static int EditDistance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var changed = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
