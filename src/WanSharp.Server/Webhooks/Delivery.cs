namespace WanSharp.Server.Webhooks;

/// <summary>A message to an address.</summary>
/// <param name="Id">The message's id: the same however often it is sent, so that whoever receives it twice can tell.</param>
/// <param name="Url">The address.</param>
/// <param name="Type">The event's type.</param>
/// <param name="Body">The event as JSON.</param>
/// <param name="State">Where it is on its way.</param>
/// <param name="Attempts">How often it was sent.</param>
/// <param name="CreatedAt">When the event happened, in seconds of Unix time.</param>
/// <param name="NextAt">When it is sent next.</param>
/// <param name="Error">Why it was not taken the last time.</param>
internal sealed record Delivery(
    string Id,
    string Url,
    string Type,
    string Body,
    DeliveryState State,
    int Attempts,
    long CreatedAt,
    long NextAt,
    string? Error
);
