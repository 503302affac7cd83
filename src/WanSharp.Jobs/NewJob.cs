using System.Text.Json.Serialization;

namespace WanSharp.Jobs;

/// <summary>A job on its way into a store.</summary>
public sealed record NewJob
{
    /// <inheritdoc cref="Job.Request"/>
    public required JobRequest Request { get; init; }

    /// <inheritdoc cref="Job.Output"/>
    public required string Output { get; init; }

    /// <summary>What the backend knows of the request.</summary>
    public required PreparedJob Prepared { get; init; }

    /// <inheritdoc cref="Job.Style"/>
    public string? Style { get; init; }

    /// <inheritdoc cref="Job.Priority"/>
    public int Priority { get; init; }

    /// <summary>Whether the result of an equal job will do.</summary>
    public bool UseCache { get; init; } = true;

    /// <inheritdoc cref="Job.Details"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Details { get; init; }

    /// <inheritdoc cref="Job.Batch"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Batch { get; init; }

    /// <inheritdoc cref="Job.Owner"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Owner { get; init; }

    /// <inheritdoc cref="Job.IsHeld"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsHeld { get; init; }

    /// <summary>Whether a file that is in its place, and is not its clip, is replaced.</summary>
    public bool Overwrites { get; init; }
}
