namespace WanSharp.Server.Events;

/// <summary>Something that happened, as it is sent.</summary>
/// <param name="Id">Its place among all events of this server's run.</param>
/// <param name="Type">Such as <c>video.completed</c>.</param>
/// <param name="Subject">The video's id; null for one that is about none.</param>
/// <param name="Batch">The video's batch; null for none.</param>
/// <param name="Owner">Whose the video is; null for nobody's.</param>
/// <param name="Body">The event as JSON in UTF-8, in one line.</param>
internal sealed record ServerEvent(long Id, string Type, string? Subject, string? Batch, string? Owner, ReadOnlyMemory<byte> Body)
{
    /// <summary>The end that it tells of; null where it tells of none.</summary>
    public EventEnd? End { get; init; }

    /// <summary>Whether nothing about its subject follows.</summary>
    public bool IsLast => Type is EventTypes.Completed or EventTypes.Failed or EventTypes.Deleted;

    /// <summary>Whether a video may have come to its end: it says so, or that so much happened that nothing is told one by one.</summary>
    public bool MayEnd(string id) => Type == EventTypes.Reset || (IsLast && Subject == id);

    /// <summary>Whether it is about a video, or may be: so much happened that nothing is told one by one.</summary>
    public bool MayTellOf(string id) => Type == EventTypes.Reset || Subject == id;

    /// <summary>Whether a later one makes it worthless: such are not replayed.</summary>
    public bool IsPassing => Type is EventTypes.Progress or EventTypes.Preview;
}
