using WanSharp.Jobs.Batches.Reading;

namespace WanSharp.Jobs.Batches;

/// <summary>A job as a batch file says it, before its style is applied and before a model has seen it.</summary>
public sealed record BatchEntry
{
    /// <summary>Priorities are from minus this to this.</summary>
    public const int HighestPriority = 1000;

    /// <summary>The line of the file where it begins, from 1.</summary>
    public required int Line { get; init; }

    /// <summary>The request as written.</summary>
    public required JobRequest Request { get; init; }

    /// <summary>Whether its seed is drawn when the batch is planned.</summary>
    public bool DrawsSeed { get; init; }

    /// <summary>The style's name or alias, or null.</summary>
    public string? Style { get; init; }

    /// <inheritdoc cref="Job.Priority"/>
    public int Priority { get; init; }

    /// <inheritdoc cref="NewJob.UseCache"/>
    public bool UseCache { get; init; } = true;

    /// <summary>The output's file name; null to have one made.</summary>
    public string? Output { get; init; }

    /// <summary>Why the line is not a job; null when it is one.</summary>
    public BatchProblem? Problem { get; init; }

    /// <summary>The fields as written; empty where a file has none.</summary>
    internal IReadOnlyList<BatchField> Fields { get; init; } = [];

    /// <summary>A problem of the field that has a name, where that is written; else of the whole line.</summary>
    internal BatchProblem ProblemOf(string field, string message)
    {
        var written = Fields.FirstOrDefault(one => one.Name.Equals(field, StringComparison.OrdinalIgnoreCase));
        return written.Name is null ? new BatchProblem(Line, message) : new BatchProblem(written.Line, message, written.Column);
    }
}
