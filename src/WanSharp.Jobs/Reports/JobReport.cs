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
        };

    internal static double? SecondsOf(Job job) =>
        job is { StartedAt: { } from, FinishedAt: { } to } ? Math.Round((to - from).TotalSeconds, 3) : null;
}
