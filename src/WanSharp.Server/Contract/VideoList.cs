namespace WanSharp.Server.Contract;

/// <summary>A page of videos.</summary>
internal sealed record VideoList(IReadOnlyList<VideoObject> Data, string? FirstId, string? LastId, bool HasMore)
{
    public string Object { get; init; } = "list";
}
