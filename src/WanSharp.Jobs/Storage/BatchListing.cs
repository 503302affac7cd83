namespace WanSharp.Jobs.Storage;

/// <summary>What a store knows of a batch without reading its jobs.</summary>
/// <param name="Id">The batch.</param>
/// <param name="FirstJob">The job that came first.</param>
/// <param name="Counts">How many of its jobs are in each state.</param>
/// <param name="Held">How many of those that wait or run are paused.</param>
/// <param name="FinishedAt">When the last job that ended did so; null before one has.</param>
public sealed record BatchListing(string Id, long FirstJob, JobCounts Counts, int Held, DateTimeOffset? FinishedAt);
