namespace WanSharp.Jobs.Storage;

/// <summary>Some of a store's jobs.</summary>
public sealed record JobPage
{
    /// <summary>The job after which it begins; null for the beginning.</summary>
    public long? After { get; init; }

    /// <summary>The most jobs.</summary>
    public required int Limit { get; init; }

    /// <summary>Whether those that came last are first.</summary>
    public bool NewestFirst { get; init; }

    /// <summary>Whether those that wait come as they will be taken, as far as that is known now; else as they came.</summary>
    public bool NextFirst { get; init; }

    /// <summary>The batch that they came with; null for any.</summary>
    public string? Batch { get; init; }

    /// <summary>Whose they are; null for anybody's.</summary>
    public string? Owner { get; init; }

    /// <summary>The state that they are in; null for any.</summary>
    public JobState? State { get; init; }

    /// <summary>The time since which they ended; null for any, and for those that have not.</summary>
    public DateTimeOffset? EndedSince { get; init; }
}
