namespace WanSharp.Server.Contract;

/// <summary>How many videos of a batch were changed.</summary>
internal sealed record ChangedObject(string Id, int Changed)
{
    public string Object { get; init; } = "video.batch.changed";
}
