using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace WanSharp.Jobs.Reports;

/// <summary>What a batch came to: what <c>report.json</c> holds.</summary>
public sealed record BatchReport
{
    /// <summary>When the report was made.</summary>
    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>All jobs.</summary>
    public required int Total { get; init; }

    /// <summary>Jobs whose clip is there.</summary>
    public required int Succeeded { get; init; }

    /// <summary>Jobs that failed for good.</summary>
    public required int Failed { get; init; }

    /// <summary>Jobs that were cancelled.</summary>
    public required int Cancelled { get; init; }

    /// <summary>Jobs that still wait, or run.</summary>
    public required int Open { get; init; }

    /// <summary>Clips that came from a cache.</summary>
    public required int Hits { get; init; }

    /// <summary>Clips that were computed.</summary>
    public required int New { get; init; }

    /// <summary>Clips that were in their place already when their jobs began.</summary>
    public int Found { get; init; }

    /// <summary>Computed clips that began with steps of similar clips.</summary>
    public required int Reused { get; init; }

    /// <summary>Hits among the clips, 0 to 1.</summary>
    public required double HitRate { get; init; }

    /// <summary>Seconds of computation that the hits saved.</summary>
    public required double SavedSeconds { get; init; }

    /// <summary>Seconds in which at least one job ran, over all runs of the batch.</summary>
    public required double WorkingSeconds { get; init; }

    /// <summary>Clips a minute of that time.</summary>
    public required double ClipsPerMinute { get; init; }

    /// <summary>Mean seconds from start to end of the clips that were computed.</summary>
    public required double MeanSeconds { get; init; }

    /// <summary>The most of these.</summary>
    public required double WorstSeconds { get; init; }

    /// <summary>Mean number of clips that shared a denoise step.</summary>
    public required double MeanBatchSize { get; init; }

    /// <summary>Seconds of computation in each stage, over all clips.</summary>
    public required IReadOnlyDictionary<string, double> StageSeconds { get; init; }

    /// <summary>
    /// What the engine of the batch's last run might use of the memory, set aside, held and shed, as <c>wan generate --json</c>
    /// has it; null where another program made the clips.
    /// </summary>
    public JsonObject? Memory { get; init; }

    /// <summary>The jobs, in the order in which they came.</summary>
    public required IReadOnlyList<JobReport> Jobs { get; init; }

    /// <summary>Sums up jobs.</summary>
    public static BatchReport From(IReadOnlyList<Job> jobs, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        var clips = jobs.Where(job => job.State == JobState.Succeeded).ToList();
        var hits = clips.Where(job => job.Outcome is { FromCache: true }).ToList();
        var found = clips.Count(job => job.Outcome is null or { WasThere: true });
        var made = clips.Where(job => job.Outcome is { FromCache: false, WasThere: false }).ToList();
        var seconds = made.Select(job => JobReport.SecondsOf(job) ?? 0).ToList();
        var working = WorkingTime(clips);
        return new BatchReport
        {
            MadeAt = now,
            Total = jobs.Count,
            Succeeded = clips.Count,
            Failed = jobs.Count(job => job.State == JobState.Failed),
            Cancelled = jobs.Count(job => job.State == JobState.Cancelled),
            Open = jobs.Count(job => job.State is JobState.Queued or JobState.Running),
            Hits = hits.Count,
            New = made.Count,
            Found = found,
            Reused = made.Count(job => job.Outcome!.Reused is not null),
            HitRate = clips.Count > 0 ? Math.Round((double)hits.Count / clips.Count, 4) : 0,
            SavedSeconds = Math.Round(hits.Sum(job => job.Outcome!.ComputeSeconds), 3),
            WorkingSeconds = Math.Round(working, 3),
            ClipsPerMinute = working > 0 ? Math.Round(60 * clips.Count / working, 2) : 0,
            MeanSeconds = seconds.Count > 0 ? Math.Round(seconds.Average(), 3) : 0,
            WorstSeconds = seconds.Count > 0 ? Math.Round(seconds.Max(), 3) : 0,
            MeanBatchSize = Math.Round(made.Select(job => job.Outcome!.MeanBatchSize).DefaultIfEmpty().Average(), 2),
            StageSeconds = made.SelectMany(job => job.Outcome!.StageSeconds)
                .GroupBy(stage => stage.Key)
                .ToDictionary(stage => stage.Key, stage => Math.Round(stage.Sum(one => one.Value), 3)),
            Jobs = [.. jobs.Select(JobReport.From)],
        };
    }

    /// <summary>One object of JSON, indented.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ReportJson.Readable.BatchReport);

    /// <summary>The length of the union of the jobs' times: a night's pause between two runs does not count as work.</summary>
    private static double WorkingTime(List<Job> clips)
    {
        var (sum, end) = (TimeSpan.Zero, DateTimeOffset.MinValue);
        foreach (var job in clips.Where(job => job is { StartedAt: not null, FinishedAt: not null }).OrderBy(job => job.StartedAt))
        {
            var from = job.StartedAt!.Value > end ? job.StartedAt.Value : end;
            if (job.FinishedAt!.Value > from)
            {
                sum += job.FinishedAt.Value - from;
                end = job.FinishedAt.Value;
            }
        }

        return sum.TotalSeconds;
    }
}

/// <summary>Reports as JSON: snake_case, and prompts readable in every language.</summary>
[JsonSourceGenerationOptions]
[JsonSerializable(typeof(BatchReport))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    public static ReportJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                WriteIndented = true,
            }
        );
}
