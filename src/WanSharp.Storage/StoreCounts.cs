namespace WanSharp.Storage;

/// <summary>Counts of a store.</summary>
internal sealed record StoreCounts(long Hits, long Misses, long Damaged, long Evicted)
{
    public static StoreCounts Zero { get; } = new(0, 0, 0, 0);

    public static StoreCounts operator +(StoreCounts left, StoreCounts right) =>
        new(left.Hits + right.Hits, left.Misses + right.Misses, left.Damaged + right.Damaged, left.Evicted + right.Evicted);
}
