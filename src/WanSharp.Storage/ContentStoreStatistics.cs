namespace WanSharp.Storage;

/// <summary>What is in a <see cref="ContentStore"/>, and how it served, in all runs so far.</summary>
public sealed record ContentStoreStatistics
{
    /// <summary>Entries.</summary>
    public required int Entries { get; init; }

    /// <summary>Bytes of all entries together.</summary>
    public required long Bytes { get; init; }

    /// <summary>The most that they may take (<see cref="ContentStoreOptions.MaximumBytes"/>); null for any number.</summary>
    public required long? MaximumBytes { get; init; }

    /// <summary>When the entry was last used that was not used for longest; null without entries.</summary>
    public required DateTimeOffset? OldestUse { get; init; }

    /// <summary>How often an entry was asked for and was there.</summary>
    public required long Hits { get; init; }

    /// <summary>How often one was asked for and was not there, or was damaged.</summary>
    public required long Misses { get; init; }

    /// <summary>Entries found damaged.</summary>
    public required long Damaged { get; init; }

    /// <summary>Entries removed for their age or for room.</summary>
    public required long Evicted { get; init; }
}
