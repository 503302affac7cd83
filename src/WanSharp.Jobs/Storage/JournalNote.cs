using System.Text.Json;

namespace WanSharp.Jobs.Storage;

/// <summary>A line of the journal that says what became of a job, or with what a batch is made.</summary>
internal sealed record JournalNote
{
    /// <summary>A clip is whole, and about to come to its place: found there, it is the job's.</summary>
    public const string Made = "made";

    /// <summary>Somebody gave the job up.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>The job waits again.</summary>
    public const string Waits = "waits";

    /// <summary>Somebody deleted the job, and its clip.</summary>
    public const string Removed = "removed";

    /// <summary>What makes the batch's clips.</summary>
    public const string Settings = "settings";

    /// <summary>What it says; first, so that a line is known for a note by its beginning.</summary>
    public required string Note { get; init; }

    /// <summary>The job's output.</summary>
    public string? Output { get; init; }

    /// <summary>When it was so, in milliseconds of Unix time; null in notes of older versions.</summary>
    public long? At { get; init; }

    /// <summary>The clip's length.</summary>
    public long Bytes { get; init; }

    /// <summary>The clip's digest.</summary>
    public string? Sha256 { get; init; }

    /// <summary>What making it took.</summary>
    public JobOutcome? Outcome { get; init; }

    /// <summary>What makes the clips.</summary>
    public JsonElement? Batch { get; init; }
}
