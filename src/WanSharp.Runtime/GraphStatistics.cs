namespace WanSharp.Runtime;

/// <summary>How a graph was compiled and used.</summary>
/// <param name="Name">The graph's name.</param>
/// <param name="Compiles">How often it was compiled.</param>
/// <param name="CompileTime">How long that took.</param>
/// <param name="Hits">How often a compiled one was there.</param>
/// <param name="Releases">How often a compiled one was let go, unused.</param>
public sealed record GraphStatistics(string Name, long Compiles, TimeSpan CompileTime, long Hits, long Releases);
