namespace WanSharp.Tools.Profile;

/// <summary>A stretch of time in which something was done.</summary>
/// <param name="Name">What was done: a stage, a step, a graph.</param>
/// <param name="Lane">Who did it: a thread, or the clip for its stages.</param>
/// <param name="Start">Seconds from the beginning.</param>
/// <param name="Seconds">How long.</param>
public sealed record ProfiledSpan(string Name, string Lane, double Start, double Seconds)
{
    /// <summary>When it ended.</summary>
    public double End => Start + Seconds;
}
