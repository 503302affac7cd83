namespace WanSharp.Runtime;

/// <summary>Where the time of one of a network's blocks went, in all its runs.</summary>
/// <param name="Wait">How long it waited for its weights.</param>
/// <param name="Compute">How long it computed.</param>
public sealed record BlockTimes(TimeSpan Wait, TimeSpan Compute);
