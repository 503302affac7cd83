namespace WanSharp.Server.Contract;

/// <summary>A message to another program.</summary>
/// <param name="Id">The message's id.</param>
/// <param name="Url">Where it goes.</param>
/// <param name="Type">The event's type.</param>
/// <param name="Status">waiting, delivered or dead.</param>
/// <param name="Attempts">How often it was sent.</param>
/// <param name="CreatedAt">When the event happened.</param>
/// <param name="NextAt">When it is sent next; null where it is not.</param>
/// <param name="Error">Why it was not taken the last time.</param>
internal sealed record DeliveryObject(
    string Id,
    string Url,
    string Type,
    string Status,
    int Attempts,
    long CreatedAt,
    long? NextAt,
    string? Error
)
{
    public string Object { get; init; } = "webhook.delivery";
}
