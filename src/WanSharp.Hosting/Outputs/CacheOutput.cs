namespace WanSharp.Hosting.Outputs;

/// <summary>What is kept between runs.</summary>
/// <param name="Folder">Where.</param>
/// <param name="Sections">Its sections, by name.</param>
/// <param name="Graphs">How graphs were compiled and used, in all runs.</param>
public sealed record CacheOutput(string Folder, IReadOnlyDictionary<string, CacheSectionOutput> Sections, GraphsOutput Graphs);
