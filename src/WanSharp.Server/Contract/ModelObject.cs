namespace WanSharp.Server.Contract;

/// <summary>A model that is served.</summary>
internal sealed record ModelObject(string Id, long Created)
{
    public string Object { get; init; } = "model";

    public string OwnedBy { get; init; } = "wansharp";
}
