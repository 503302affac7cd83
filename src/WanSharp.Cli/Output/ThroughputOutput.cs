namespace WanSharp.Cli.Output;

/// <summary><c>wan bench throughput</c>.</summary>
/// <param name="Rows">Each workload in each mode.</param>
/// <param name="CachedJobSeconds">From a request to its clip, from the cache.</param>
internal sealed record ThroughputOutput(IReadOnlyList<ThroughputRowOutput> Rows, double CachedJobSeconds);
