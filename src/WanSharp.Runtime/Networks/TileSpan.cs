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
    /// <param name="scale">How fine the result is.</param>
    /// <param name="outer">The part of an overlap, at either end of it, in which the tile that ends there has no share.</param>
    public float[] Shares(int scale, float outer = 0)
    {
        var shares = new float[Length * scale];
        var (before, after) = (Before * scale, After * scale);
        for (var i = 0; i < shares.Length; i++)
        {
            var fromEnd = shares.Length - 1 - i;
            shares[i] =
                i < before ? Rising(i, before)
                : fromEnd < after ? Rising(fromEnd, after)
                : 1;
        }

        return shares;

        float Rising(int at, int overlap) => Math.Clamp((at + 0.5f - (outer * overlap)) / ((1 - (2 * outer)) * overlap), 0, 1);
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
