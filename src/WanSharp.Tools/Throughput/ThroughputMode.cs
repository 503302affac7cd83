using WanSharp.Engine;

namespace WanSharp.Tools.Throughput;

/// <summary>A way to make clips: a row of the table.</summary>
/// <param name="Name">The row's name.</param>
/// <param name="Engine">The resident engine; null for a new process for each clip.</param>
/// <param name="OneAtATime">Whether a clip is begun when the one before is done.</param>
/// <param name="CachesResults">Whether equal jobs share a result.</param>
public sealed record ThroughputMode(string Name, EngineOptions? Engine, bool OneAtATime, bool CachesResults)
{
    private const int AllLanes = 2;

    /// <summary>The rows of the table, each with more of the engine than the one before.</summary>
    public static IReadOnlyList<ThroughputMode> All { get; } =
    [
        new("serial: a new process per clip", null, OneAtATime: true, CachesResults: false),
        new("resident, one at a time", new EngineOptions { BatchSize = 1, FeatureBytes = 0 }, OneAtATime: true, CachesResults: false),
        new("+ batching", new EngineOptions { FeatureBytes = 0 }, OneAtATime: false, CachesResults: false),
        new("+ feature caches", new EngineOptions(), OneAtATime: false, CachesResults: false),
        new("+ result cache", new EngineOptions(), OneAtATime: false, CachesResults: true),
        new("everything, 2 lanes", new EngineOptions { Lanes = AllLanes }, OneAtATime: false, CachesResults: true),
    ];
}
