namespace WanSharp.Hosting.Outputs;

/// <summary>A job of a batch.</summary>
/// <param name="Id">Its number.</param>
/// <param name="State"><c>queued</c>, <c>running</c>, <c>succeeded</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="Output">The clip's file name.</param>
/// <param name="Missing">Whether it succeeded and its clip is gone.</param>
/// <param name="Style">The style.</param>
/// <param name="Priority">The priority.</param>
/// <param name="Attempts">How often it was started.</param>
/// <param name="Seconds">From the start of its last attempt to the end.</param>
/// <param name="Error">Why it, or its last attempt, failed.</param>
/// <param name="StartedOver">Why a saved state could not be taken up; null when there was none, or it was.</param>
public sealed record JobOutput(
    long Id,
    string State,
    string Output,
    bool Missing,
    string? Style,
    int Priority,
    int Attempts,
    double? Seconds,
    string? Error,
    string? StartedOver
);
