namespace WanSharp.Server.Webhooks;

/// <summary>Where a message is on its way. The numbers are stored: they stay what they are.</summary>
internal enum DeliveryState
{
    /// <summary>It is sent, now or later again.</summary>
    Waiting = 0,

    /// <summary>It was taken.</summary>
    Delivered = 1,

    /// <summary>It was sent as often as is worth it, and never taken.</summary>
    Dead = 2,
}
