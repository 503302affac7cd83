namespace WanSharp.Server.Contract;

/// <summary>Messages to other programs.</summary>
internal sealed record DeliveryList(IReadOnlyList<DeliveryObject> Data)
{
    public string Object { get; init; } = "list";
}
