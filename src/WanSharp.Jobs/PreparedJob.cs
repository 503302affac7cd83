using WanSharp.Engine.Requests;

namespace WanSharp.Jobs;

/// <summary>What a backend knows of a request before it runs.</summary>
public sealed record PreparedJob
{
    /// <summary>
    /// Jobs of one group share compiled graphs, experts and forward passes: model, latent shape and branches. The queue runs them together.
    /// </summary>
    public required string ExecutionGroup { get; init; }

    /// <summary>Jobs of one group share encoded features: prompts and images.</summary>
    public required string FeatureGroup { get; init; }

    /// <summary>
    /// SHA-256, lower-case hexadecimal, over every input that changes the clip (model, settings, pixels of images; a workflow), except the
    /// file's format. Null when the inputs do not identify the clip.
    /// </summary>
    public required string? ResultKey { get; init; }

    /// <summary>The settings as one line of JSON, for <c>report.json</c>.</summary>
    public required string Settings { get; init; }

    /// <summary>The seed that the clip is made with; null when the backend does not have a single one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Denoise steps, for estimates and bars.</summary>
    public required int Steps { get; init; }

    /// <summary>The steps that its clip would begin with now; null where it starts from noise, or none was looked for.</summary>
    public ReusedSteps? Reuses { get; init; }

    /// <summary>What whoever asks should know before it runs, a sentence each: a prompt that is cut.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>How long it will take alone, when the backend can tell.</summary>
    public TimeSpan? Estimate { get; init; }
}
