namespace WanSharp.Server.Contract;

/// <summary>The models that are served.</summary>
internal sealed record ModelList(IReadOnlyList<ModelObject> Data)
{
    public string Object { get; init; } = "list";
}
