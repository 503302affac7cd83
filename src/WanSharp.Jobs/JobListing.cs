namespace WanSharp.Jobs;

/// <summary>A line of a listing: what a store can say of a job without reading its request.</summary>
/// <param name="Id">The job's number.</param>
/// <param name="Output">The artifact's file name.</param>
/// <param name="Style">The style, or null.</param>
/// <param name="Priority">The priority.</param>
/// <param name="State">The state.</param>
/// <param name="Attempts">How often it was started.</param>
/// <param name="Error">Why it, or its last attempt, failed.</param>
/// <param name="Elapsed">From the start of its last attempt to its end.</param>
/// <param name="StartedOver">Why a saved state could not be taken up; null when there was none, or it was.</param>
public sealed record JobListing(
    long Id,
    string Output,
    string? Style,
    int Priority,
    JobState State,
    int Attempts,
    string? Error,
    TimeSpan? Elapsed,
    string? StartedOver
);
