namespace WanSharp.Storage;

/// <summary>What a <see cref="ContentStore"/> keeps, and how carefully it looks at it.</summary>
public sealed record ContentStoreOptions
{
    /// <summary>Most bytes of all entries together: beyond it, those that were not used for longest go. Default: no limit.</summary>
    public long? MaximumBytes { get; init; }

    /// <summary>Entries that were not used for longer go. Default: no limit.</summary>
    public TimeSpan? MaximumAge { get; init; }

    /// <summary>How much of an entry is read when it is opened. Default: all of it.</summary>
    public EntryCheck Check { get; init; } = EntryCheck.Whole;

    /// <summary>
    /// Notified once, in a sentence, when the folder cannot be written (a full disk, no permission). The cache continues as far
    /// as it can, and its users continue without it. Default: null.
    /// </summary>
    public Action<string>? Warn { get; init; }
}
