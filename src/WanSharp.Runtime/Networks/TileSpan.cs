namespace WanSharp.Runtime.Networks;

/// <summary>A tile's extent along one dimension.</summary>
/// <param name="Start">Its first position.</param>
/// <param name="Length">Its positions.</param>
/// <param name="Before">Positions that it shares with the tile before.</param>
/// <param name="After">Positions that it shares with the tile after.</param>
internal readonly record struct TileSpan(long Start, long Length, int Before, int After)
{
    /// <summary>The share that the tile has in each position of a result that is <paramref name="scale"/> times as fine; the shares of all tiles add up to 1.</summary>
    public float[] Shares(int scale)
    {
        var shares = new float[Length * scale];
        var (before, after) = (Before * scale, After * scale);
        for (var i = 0; i < shares.Length; i++)
        {
            var fromEnd = shares.Length - 1 - i;
            shares[i] = i < before ? (i + 0.5f) / before : fromEnd < after ? (fromEnd + 0.5f) / after : 1;
        }

        return shares;
    }
}
