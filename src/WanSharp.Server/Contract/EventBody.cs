namespace WanSharp.Server.Contract;

/// <summary>What happened to a video.</summary>
/// <param name="Type">Such as <c>video.completed</c>.</param>
/// <param name="CreatedAt">When, in seconds of Unix time.</param>
/// <param name="Data">The video as it is now.</param>
internal sealed record EventBody(string Type, long CreatedAt, VideoObject Data)
{
    public string Object { get; init; } = "event";

    /// <summary>What runs: load, encode, denoise or decode. With <c>video.progress</c> alone.</summary>
    public string? Stage { get; init; }

    /// <summary>How much of the stage is done.</summary>
    public int? Done { get; init; }

    /// <summary>All of the stage.</summary>
    public int? Total { get; init; }

    /// <summary>The address of a picture, with <c>video.preview</c> alone.</summary>
    public string? PreviewUrl { get; init; }
}
