using WanSharp.Jobs;

namespace WanSharp.Server.Events;

/// <summary>A video's end: of which, and when. A video that is tried again may have several.</summary>
/// <param name="Output">The file's name.</param>
/// <param name="At">When it ended.</param>
internal sealed record EventEnd(string Output, DateTimeOffset At)
{
    /// <summary>The end of a job; null for one that has not come to it.</summary>
    public static EventEnd? Of(Job job) => job.FinishedAt is { } at ? new EventEnd(job.Output, at) : null;
}
