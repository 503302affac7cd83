namespace WanSharp.Jobs;

/// <summary>When a stage of a job ran, waits included, according to its progress.</summary>
/// <param name="Stage">The stage: "load", "encode", "denoise", "decode".</param>
/// <param name="From">Seconds from the start of the attempt.</param>
/// <param name="To">Seconds from the start of the attempt.</param>
public sealed record StageSpan(string Stage, double From, double To);
