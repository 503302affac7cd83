namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>What a process measured, and what was seen of it.</summary>
/// <param name="Result">What it said.</param>
/// <param name="PeakBytes">The most memory that it held: private, and cache charged to it.</param>
/// <param name="Note">Why nothing was limited, or null.</param>
internal sealed record PassOutcome(MemoryPassResult Result, long PeakBytes, string? Note)
{
    /// <summary>Seconds of a forward pass, without the first, in which sizes are not known yet.</summary>
    public double Seconds => Timing.Of([.. Result.Forwards.Skip(1)]).Median;
}
