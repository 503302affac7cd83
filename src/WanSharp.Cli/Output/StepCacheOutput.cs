namespace WanSharp.Cli.Output;

/// <summary>What step caches save and lose.</summary>
/// <param name="Clips">Of single clips, a row for each step cache.</param>
/// <param name="Batches">Of batches of clips of different numbers of steps, likewise; empty where none was asked for.</param>
internal sealed record StepCacheOutput(IReadOnlyList<StepCacheWayOutput> Clips, IReadOnlyList<StepCacheBatchOutput> Batches);
