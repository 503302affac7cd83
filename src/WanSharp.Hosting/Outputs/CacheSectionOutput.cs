namespace WanSharp.Hosting.Outputs;

/// <summary>A section of the cache.</summary>
/// <param name="Entries">Entries.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="Limit">The most that they may take; null for any.</param>
/// <param name="OldestUse">When the entry was last used that was not used for longest; null without entries.</param>
/// <param name="Hits">How often an entry was there.</param>
/// <param name="Misses">How often one was not.</param>
/// <param name="Damaged">Entries found damaged.</param>
/// <param name="Evicted">Entries removed for their age or for room.</param>
public sealed record CacheSectionOutput(
    int Entries,
    long Bytes,
    long? Limit,
    string? OldestUse,
    long Hits,
    long Misses,
    long Damaged,
    long Evicted
);
