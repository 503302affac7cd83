using System.Collections.Concurrent;

namespace WanSharp.Testing;

/// <summary>A clock whose waits end at once; it keeps how long they would have been.</summary>
public sealed class SkippingClock : TimeProvider
{
    public ConcurrentQueue<TimeSpan> Skipped { get; } = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Skipped.Enqueue(dueTime);
        return System.CreateTimer(callback, state, TimeSpan.FromMilliseconds(1), period);
    }
}
