using System.Text.Json.Serialization;

namespace WanSharp.Server.Contract;

/// <summary>A video as the videos API shows it; the members after <c>size</c> are this server's own.</summary>
internal sealed record VideoObject
{
    public required string Id { get; init; }

    public string Object { get; init; } = "video";

    public required string Model { get; init; }

    public required string? Prompt { get; init; }

    /// <summary>queued, in_progress, completed or failed; one that was cancelled has failed, with that as its error's code.</summary>
    public required string Status { get; init; }

    /// <summary>0 to 100.</summary>
    public required int Progress { get; init; }

    public required long CreatedAt { get; init; }

    public required long? CompletedAt { get; init; }

    public required long? ExpiresAt { get; init; }

    public required VideoError? Error { get; init; }

    public required string? RemixedFromVideoId { get; init; }

    /// <summary>The video of this server that it continues or edits; null where it is of none.</summary>
    public string? SourceVideoId { get; init; }

    /// <summary>The length as text: "4".</summary>
    public required string Seconds { get; init; }

    /// <summary>"832x480".</summary>
    public required string Size { get; init; }

    public required ulong Seed { get; init; }

    public required int Fps { get; init; }

    public required int NumFrames { get; init; }

    public required int NumInferenceSteps { get; init; }

    public required int Priority { get; init; }

    public required bool Paused { get; init; }

    /// <summary>Its place among those that were put in order, which are made first; null for one that was not.</summary>
    public int? Place { get; init; }

    /// <summary>The name of the key that asked for it; null where none is asked for.</summary>
    public string? Owner { get; init; }

    public required string MediaType { get; init; }

    /// <summary>Seconds that computing it took; null before it is done.</summary>
    [JsonPropertyName("inference_time_s")]
    public double? InferenceTime { get; init; }

    public string? Style { get; init; }

    public string? BatchId { get; init; }

    public string? User { get; init; }

    public long? StartedAt { get; init; }

    public int Attempts { get; init; }

    /// <summary>Whether it was not computed, because an equal one was there.</summary>
    public bool? FromCache { get; init; }

    /// <summary>SHA-256 of the file; null before it is done.</summary>
    public string? Sha256 { get; init; }

    /// <summary>What whoever sees it should know: a prompt that was cut.</summary>
    public IReadOnlyList<string>? Notes { get; init; }
}
