namespace WanSharp.Jobs.Storage;

/// <summary>The numbers of <see cref="JobState"/>, as statements have them.</summary>
internal static class States
{
    public const int Queued = (int)JobState.Queued;
    public const int Running = (int)JobState.Running;
    public const int Succeeded = (int)JobState.Succeeded;
    public const int Failed = (int)JobState.Failed;
    public const int Cancelled = (int)JobState.Cancelled;
}
