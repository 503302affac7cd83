namespace WanSharp.Jobs;

/// <summary>One clip to be made, as the store knows it. A snapshot: the store's row may have moved on.</summary>
public sealed record Job
{
    /// <summary>The job's number in its store, from 1.</summary>
    public required long Id { get; init; }

    /// <summary>What to make.</summary>
    public required JobRequest Request { get; init; }

    /// <summary>The artifact's file name in the job folder; no other job of the folder has it.</summary>
    public required string Output { get; init; }

    /// <summary>The settings of its clip as one line of JSON, as they were planned; null for jobs of older versions.</summary>
    public string? Settings { get; init; }

    /// <inheritdoc cref="NewJob.Overwrites"/>
    public bool Overwrites { get; init; }

    /// <summary>The style that was applied to the request, or null.</summary>
    public string? Style { get; init; }

    /// <summary>Jobs of a higher priority run first; 0 by default.</summary>
    public int Priority { get; init; }

    /// <summary>Where it is on its way.</summary>
    public required JobState State { get; init; }

    /// <summary>Identifies the result, as <see cref="PreparedJob.ResultKey"/>; null where no result of another job will do.</summary>
    public string? ResultKey { get; init; }

    /// <summary>How often it was started; counted before it starts, so that a job that ends the process is counted too.</summary>
    public int Attempts { get; init; }

    /// <summary>Why it failed, or why its last attempt did: one line for the user.</summary>
    public string? Error { get; init; }

    /// <summary>What whoever asked for it wants to know of it later, kept as it is; null for nothing.</summary>
    public string? Details { get; init; }

    /// <summary>The batch that it came with; null for one that came alone, or in a folder that is one batch.</summary>
    public string? Batch { get; init; }

    /// <summary>Whose it is; null where nobody asks.</summary>
    public string? Owner { get; init; }

    /// <summary>Its place among those that were put in order by hand, which run before all others; null for one that was not.</summary>
    public int? Place { get; init; }

    /// <summary>Whether it is paused: it waits in the queue and is not started.</summary>
    public bool IsHeld { get; init; }

    /// <summary>Whether somebody deleted it: it goes as soon as it does not run any more.</summary>
    public bool IsRemoved { get; init; }

    /// <summary>When it came into the queue, or came back to it.</summary>
    public DateTimeOffset QueuedAt { get; init; }

    /// <summary>SHA-256 of its clip, hexadecimal; null before that is made.</summary>
    public string? Sha256 { get; init; }

    /// <summary>When its last attempt started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it succeeded, failed or was cancelled.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>What making it took; null before it succeeded.</summary>
    public JobOutcome? Outcome { get; init; }
}
