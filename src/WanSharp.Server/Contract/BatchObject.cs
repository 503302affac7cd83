namespace WanSharp.Server.Contract;

/// <summary>A batch of videos.</summary>
internal sealed record BatchObject
{
    public required string Id { get; init; }

    public string Object { get; init; } = "video.batch";

    public required string Name { get; init; }

    /// <summary>in_progress, paused (all that is left is), or completed: nothing is left.</summary>
    public required string Status { get; init; }

    public required long CreatedAt { get; init; }

    public required long? CompletedAt { get; init; }

    public required int Total { get; init; }

    public required int Queued { get; init; }

    public required int InProgress { get; init; }

    public required int Completed { get; init; }

    public required int Failed { get; init; }

    public required int Cancelled { get; init; }
}
