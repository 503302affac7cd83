namespace WanSharp.Runtime.Networks;

/// <summary>A tile's extent along one dimension.</summary>
/// <param name="Start">Its first position.</param>
/// <param name="Length">Its positions.</param>
/// <param name="Before">Positions that it shares with the tile before.</param>
/// <param name="After">Positions that it shares with the tile after.</param>
internal readonly record struct TileSpan(long Start, long Length, int Before, int After)
{
    /// <summary>
    /// The share that the tile has in each position of a result that is <paramref name="scale"/> times as fine; the shares of all
    /// tiles add up to 1.
    /// </summary>
    public float[] Shares(int scale)
    {
        var shares = new float[Length * scale];
        var (before, after) = (Before * scale, After * scale);
        for (var i = 0; i < shares.Length; i++)
        {
            var fromEnd = shares.Length - 1 - i;
            shares[i] =
                i < before ? (i + 0.5f) / before
                : fromEnd < after ? (fromEnd + 0.5f) / after
                : 1;
        }

        return shares;
    }

    /// <summary>Adds a row of a tile to what other tiles gave.</summary>
    /// <param name="source">The tile's row.</param>
    /// <param name="across">The tile's share in each column, from <see cref="Shares"/>.</param>
    /// <param name="down">Its share in the row.</param>
    /// <param name="target">Where it is added.</param>
    public static void AddShare(ReadOnlySpan<float> source, ReadOnlySpan<float> across, float down, Span<float> target)
    {
        for (var x = 0; x < across.Length; x++)
        {
            target[x] += source[x] * across[x] * down;
        }
    }
}
