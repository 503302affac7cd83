namespace WanSharp.Runtime.Networks;

/// <summary>Consecutive tokens of a sample, with the groups that they belong to.</summary>
/// <param name="Start">The first token.</param>
/// <param name="Length">How many tokens.</param>
/// <param name="FirstGroup">The first one's group.</param>
/// <param name="Groups">How many groups: one, which may go on in the next piece, or several whole ones.</param>
internal readonly record struct TokenPiece(long Start, long Length, long FirstGroup, long Groups)
{
    /// <summary>A sample's tokens in pieces.</summary>
    /// <param name="tokens">How many tokens there are.</param>
    /// <param name="groups">In how many groups of equal size.</param>
    /// <param name="most">The most tokens of a piece, unless they are one group's.</param>
    public static IEnumerable<TokenPiece> Of(long tokens, long groups, long most)
    {
        var size = tokens / groups;
        var joined = Math.Max(1, most / size);
        for (var group = 0L; group < groups; group += joined)
        {
            var count = Math.Min(joined, groups - group);
            var (start, end) = (group * size, (group + count) * size);
            var length = count > 1 ? end - start : Math.Min(most, size);
            for (; start < end; start += length)
            {
                yield return new TokenPiece(start, Math.Min(length, end - start), group, count);
            }
        }
    }
}
