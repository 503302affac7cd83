namespace WanSharp.Server.Contract;

/// <summary>The queue as a whole.</summary>
/// <param name="Paused">Whether nothing is started.</param>
/// <param name="Queued">Videos that wait.</param>
/// <param name="InProgress">Videos that are being made.</param>
/// <param name="Completed">Videos that are done.</param>
/// <param name="Failed">Videos that failed.</param>
/// <param name="Cancelled">Videos that were cancelled.</param>
/// <param name="Listeners">Clients that listen to events.</param>
internal sealed record QueueObject(bool Paused, int Queued, int InProgress, int Completed, int Failed, int Cancelled, int Listeners)
{
    public string Object { get; init; } = "queue";
}
