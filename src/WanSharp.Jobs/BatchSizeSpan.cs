namespace WanSharp.Jobs;

/// <summary>When the number of jobs sharing a job's denoise steps changed, and to what.</summary>
/// <param name="From">Seconds from the start of the attempt.</param>
/// <param name="Clips">How many, itself included.</param>
public sealed record BatchSizeSpan(double From, int Clips);
