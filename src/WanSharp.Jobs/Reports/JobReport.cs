using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace WanSharp.Jobs.Reports;

/// <summary>What one job came to, for a report.</summary>
public sealed record JobReport
{
    /// <inheritdoc cref="Job.Id"/>
    public required long Id { get; init; }

    /// <inheritdoc cref="Job.Output"/>
    public required string Output { get; init; }

    /// <summary>The state's name: queued, running, succeeded, failed, cancelled.</summary>
    public required string State { get; init; }

    /// <summary>The prompt, in its style.</summary>
    public required string Prompt { get; init; }

    /// <summary>The prompt as it was written, where it had wildcards.</summary>
    public string? Template { get; init; }

    /// <inheritdoc cref="Job.Style"/>
    public string? Style { get; init; }

    /// <summary>The seed; null where the backend chose it.</summary>
    public required ulong? Seed { get; init; }

    /// <inheritdoc cref="Job.Attempts"/>
    public required int Attempts { get; init; }

    /// <inheritdoc cref="Job.Error"/>
    public string? Error { get; init; }

    /// <inheritdoc cref="Job.StartedAt"/>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Seconds from the start of the last attempt to its end.</summary>
    public double? Seconds { get; init; }

    /// <summary>What making it took.</summary>
    public JobOutcome? Outcome { get; init; }

    /// <summary>The clip's settings as they were planned; null where they are not known. The clip itself has them, too.</summary>
    [JsonIgnore]
    public JsonObject? Settings { get; init; }

    /// <summary>The files of the pictures that it was made from, by frame; null for none.</summary>
    public IReadOnlyDictionary<int, string>? Pictures { get; init; }

    /// <summary>SHA-256 of the clip; null before it is made.</summary>
    public string? Sha256 { get; init; }

    internal static JobReport From(Job job) =>
        new()
        {
            Id = job.Id,
            Output = job.Output,
            State = job.State.ToString().ToLowerInvariant(),
            Prompt = job.Request.Prompt,
            Template = job.Request.Template,
            Style = job.Style,
            Seed = job.Request.Seed,
            Attempts = job.Attempts,
            Error = job.Error,
            StartedAt = job.StartedAt,
            Seconds = SecondsOf(job),
            Outcome = job.Outcome,
            Settings = job.Settings is { } settings ? JsonNode.Parse(settings) as JsonObject : null,
            Pictures =
                job.Request.Images.Count > 0
                    ? job.Request.Images.ToDictionary(image => image.Key, image => Path.GetFileName(image.Value))
                    : null,
            Sha256 = job.Sha256,
        };

    internal static double? SecondsOf(Job job) =>
        job is { StartedAt: { } from, FinishedAt: { } to } ? Math.Round((to - from).TotalSeconds, 3) : null;
}
