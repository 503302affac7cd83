namespace WanSharp.Jobs.Storage;

/// <summary>
/// The time of day that a process stores. It never goes backward: a clock that is set back in the middle of a clip changes neither how long
/// the clip took nor who is next. It follows the wall clock forward, with which its times are compared: the clock that only counts stands
/// still while the machine sleeps. Thread-safe.
/// </summary>
internal sealed class JobClock(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private DateTimeOffset _start = clock.GetUtcNow();
    private long _stamp = clock.GetTimestamp();

    /// <summary>Milliseconds of Unix time.</summary>
    public long Now()
    {
        lock (_gate)
        {
            var stamp = clock.GetTimestamp();
            var (counted, shown) = (_start + clock.GetElapsedTime(_stamp, stamp), clock.GetUtcNow());
            (_start, _stamp) = (shown > counted ? shown : counted, stamp);
            return _start.ToUnixTimeMilliseconds();
        }
    }
}
