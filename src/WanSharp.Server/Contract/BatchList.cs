namespace WanSharp.Server.Contract;

/// <summary>The batches.</summary>
internal sealed record BatchList(IReadOnlyList<BatchObject> Data)
{
    public string Object { get; init; } = "list";
}
