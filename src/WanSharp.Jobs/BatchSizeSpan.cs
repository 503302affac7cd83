namespace WanSharp.Jobs;

/// <summary>From when on a job's denoise steps were shared by so many jobs.</summary>
/// <param name="From">Seconds from the start of the attempt.</param>
/// <param name="Clips">How many, itself included.</param>
public sealed record BatchSizeSpan(double From, int Clips);
