namespace WanSharp.Server.Contract;

/// <summary>Says that a video is gone.</summary>
internal sealed record DeletedVideo(string Id)
{
    public string Object { get; init; } = "video.deleted";

    public bool Deleted { get; init; } = true;
}
