namespace WanSharp.Testing;

/// <summary>Those who arrive wait until enough of them are there; from then on nobody waits. What a
/// test needs to happen at the same time does.</summary>
/// <param name="count">How many are enough.</param>
public sealed class Meeting(int count)
{
    private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _arrived;

    public Task ArriveAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _arrived) == count)
        {
            _enough.SetResult();
        }

        return _enough.Task.WaitAsync(cancellationToken);
    }
}
