namespace WanSharp.Engine;

/// <summary>How long a clip spent in a stage, and on what.</summary>
/// <param name="Elapsed">From entering to leaving the stage.</param>
/// <param name="Busy">The part in which the stage worked for the clip; the rest was waiting.</param>
/// <param name="Share">The clip's share of the work, where it was shared with others. Summed over clips, the time that the stage
/// worked.</param>
public readonly record struct StageTime(TimeSpan Elapsed, TimeSpan Busy, TimeSpan Share)
{
    /// <summary>The time that the clip waited for others, or for what it needs.</summary>
    public TimeSpan Waited => Elapsed - Busy;
}
