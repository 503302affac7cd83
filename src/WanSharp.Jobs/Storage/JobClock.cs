namespace WanSharp.Jobs.Storage;

/// <summary>
/// The time of day that a process stores: taken once, then moved on by the clock that only goes forward. A clock that is set in the
/// middle of a
/// clip changes neither how long the clip took nor who is next.
/// </summary>
internal sealed class JobClock(TimeProvider clock)
{
    private readonly DateTimeOffset _start = clock.GetUtcNow();
    private readonly long _stamp = clock.GetTimestamp();

    /// <summary>Milliseconds of Unix time.</summary>
    public long Now() => (_start + clock.GetElapsedTime(_stamp)).ToUnixTimeMilliseconds();
}
