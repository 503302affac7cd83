using System.Text.Json.Serialization;

namespace WanSharp.Hosting.Outputs;

/// <summary>What a batch came to. The fields up to the memory are those of <c>report.json</c>.</summary>
/// <param name="MadeAt">When this was said.</param>
/// <param name="Total">All jobs.</param>
/// <param name="Succeeded">Jobs whose clip is there.</param>
/// <param name="Failed">Jobs that failed for good.</param>
/// <param name="Cancelled">Jobs that were given up.</param>
/// <param name="Open">Jobs that wait or run.</param>
/// <param name="Hits">Clips that came from a cache.</param>
/// <param name="New">Clips that were computed.</param>
/// <param name="Found">Clips that were in their place already.</param>
/// <param name="Reused">Computed clips that began with steps of similar ones.</param>
/// <param name="HitRate">Hits among the clips, 0 to 1.</param>
/// <param name="SavedSeconds">Seconds of computation that the hits saved.</param>
/// <param name="WorkingSeconds">Seconds in which at least one job ran.</param>
/// <param name="ClipsPerMinute">Clips per minute of that time.</param>
/// <param name="MeanSeconds">Mean seconds of the computed clips.</param>
/// <param name="WorstSeconds">The most of these.</param>
/// <param name="MeanBatchSize">Mean number of clips that shared a denoise step.</param>
/// <param name="StageSeconds">Seconds of computation, by stage.</param>
/// <param name="Memory">What the engine may use of the memory, and holds.</param>
/// <param name="Folder">Where the clips are.</param>
/// <param name="EndedBefore">Jobs that had ended before this run began; the figures above count them.</param>
/// <param name="Lanes">How this process's lanes spent their time; null where another program made the clips.</param>
/// <param name="Graphs">How graphs were compiled and used; null likewise.</param>
public sealed record BatchOutput(
    DateTimeOffset MadeAt,
    int Total,
    int Succeeded,
    int Failed,
    int Cancelled,
    int Open,
    int Hits,
    int New,
    int Found,
    int Reused,
    double HitRate,
    double SavedSeconds,
    double WorkingSeconds,
    double ClipsPerMinute,
    double MeanSeconds,
    double WorstSeconds,
    double MeanBatchSize,
    IReadOnlyDictionary<string, double> StageSeconds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MemoryOutput? Memory,
    string Folder,
    int EndedBefore,
    LanesOutput? Lanes,
    GraphsOutput? Graphs
);
