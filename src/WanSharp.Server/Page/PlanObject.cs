namespace WanSharp.Server.Page;

/// <summary>What a video would be, and cost.</summary>
/// <param name="Size">Its size, such as 832x480; null where another program decides.</param>
/// <param name="NumFrames">Its frames.</param>
/// <param name="Fps">Frames a second.</param>
/// <param name="NumInferenceSteps">Denoise steps.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Seconds">How long it takes alone on this machine; null while that is not known.</param>
/// <param name="Measuring">Whether the time will be known soon: how fast this machine is, is being found out.</param>
/// <param name="MemoryBytes">The most memory that it needs; null while that is not known.</param>
/// <param name="Cached">Whether the clip is there already.</param>
/// <param name="Queued">How many videos wait before it.</param>
/// <param name="Notes">What whoever asks should know: a prompt that is cut.</param>
internal sealed record PlanObject(
    string? Size,
    int? NumFrames,
    int? Fps,
    int NumInferenceSteps,
    ulong? Seed,
    double? Seconds,
    bool Measuring,
    long? MemoryBytes,
    bool Cached,
    int Queued,
    IReadOnlyList<string> Notes
)
{
    public string Object { get; init; } = "plan";
}
