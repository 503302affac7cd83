namespace WanSharp.Server.Events;

/// <summary>The types of events.</summary>
internal static class EventTypes
{
    public const string Queued = "video.queued";
    public const string Started = "video.in_progress";
    public const string Progress = "video.progress";
    public const string Preview = "video.preview";
    public const string Completed = "video.completed";
    public const string Failed = "video.failed";
    public const string Deleted = "video.deleted";

    /// <summary>Events were missed that are not kept any more: whoever follows a list fetches it again.</summary>
    public const string Reset = "reset";
}
