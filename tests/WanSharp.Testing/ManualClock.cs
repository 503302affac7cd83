namespace WanSharp.Testing;

/// <summary>A clock that stands still until a test moves it.</summary>
public sealed class ManualClock : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The time of day; timestamps move with it.</summary>
    public DateTimeOffset Now { get; set; } = Start;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => (Now - Start).Ticks;

    public void Advance(TimeSpan time) => Now += time;

    public void Advance(double seconds) => Advance(TimeSpan.FromSeconds(seconds));
}
