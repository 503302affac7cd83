namespace WanSharp.Jobs;

/// <summary>How many jobs of a store are in each state.</summary>
public readonly record struct JobCounts(int Queued, int Running, int Succeeded, int Failed, int Cancelled)
{
    /// <summary>All of them.</summary>
    public int Total => Queued + Running + Succeeded + Failed + Cancelled;

    /// <summary>Those that are not at their end.</summary>
    public int Open => Queued + Running;
}
