namespace WanSharp.Jobs.Storage;

/// <summary>Wakes whoever waits for something to change. Thread-safe.</summary>
internal sealed class ChangeSignal
{
    private TaskCompletionSource _next = New();

    /// <summary>Ends with the next change. Take it before looking, so that no change is missed in between.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Ends what was taken until now.</summary>
    public void Raise() => Interlocked.Exchange(ref _next, New()).SetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
