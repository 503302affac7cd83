namespace WanSharp.Engine.Memory;

/// <summary>Where a clip stands among those that wait for the same thing: by priority, which rises while it waits, then by age.</summary>
/// <remarks>
/// Every queue of the engine compares by this one rule, so none starves: whatever keeps arriving, a clip that waits is the next one
/// after a bounded time, and nothing may begin before it then.
/// </remarks>
/// <param name="Priority">The priority that its caller gave it.</param>
/// <param name="Order">Clips that came earlier have lower ones.</param>
/// <param name="Since">When it began to wait: a timestamp of the clock.</param>
internal readonly record struct WaitingRank(int Priority, long Order, long Since)
{
    /// <summary>Waiting as long as this counts as much as one level of priority.</summary>
    public static readonly TimeSpan Rise = TimeSpan.FromSeconds(30);

    /// <summary>The priority after waiting until now.</summary>
    /// <param name="clock">The clock of <see cref="Since"/>.</param>
    /// <param name="now">One time for all that are compared: an order must not change while it is made.</param>
    public long RisenPriority(TimeProvider clock, long now) => Priority + (clock.GetElapsedTime(Since, now).Ticks / Rise.Ticks);
}
