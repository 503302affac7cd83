namespace WanSharp.Server.Work;

/// <summary>The changes by the names that routes have for them.</summary>
internal static class VideoChanges
{
    /// <summary>All, each with what it does.</summary>
    public static IReadOnlyList<(VideoChange Change, string Summary)> All { get; } =
    [
        (VideoChange.Cancel, "Cancels what waits or runs"),
        (VideoChange.Pause, "Keeps what waits or runs from going on"),
        (VideoChange.Resume, "Lets what is paused go on"),
        (VideoChange.Retry, "Tries again what failed or was cancelled"),
    ];

    public static string NameOf(VideoChange change) => change.ToString().ToLowerInvariant();
}
