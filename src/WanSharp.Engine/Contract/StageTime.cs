namespace WanSharp.Engine;

/// <summary>How long a clip was in a stage, and what it did there.</summary>
/// <param name="Elapsed">From entering the stage to leaving it.</param>
/// <param name="Busy">The part of it in which the stage worked for the clip; the rest it waited.</param>
/// <param name="Share">What the clip cost: its part of work that it shared with others. Summed over clips it is the time that the
/// stage worked.</param>
public readonly record struct StageTime(TimeSpan Elapsed, TimeSpan Busy, TimeSpan Share)
{
    /// <summary>The part of the time in which the clip waited for others, or for what it needs.</summary>
    public TimeSpan Waited => Elapsed - Busy;
}
