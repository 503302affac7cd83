namespace WanSharp.Engine.Memory;

/// <summary>Those that wait for something scarce, and which of them is next.</summary>
/// <remarks>Not thread-safe: it belongs to the lock of what it waits for.</remarks>
/// <param name="clock">Tells how long they wait.</param>
internal sealed class WaitingLine<T>(TimeProvider clock)
    where T : class
{
    private readonly List<(WaitingRank Rank, T Item)> _waiting = [];

    public int Count => _waiting.Count;

    public void Add(WaitingRank rank, T item) => _waiting.Add((rank, item));

    /// <returns>Whether it was still waiting.</returns>
    public bool Remove(T item) => _waiting.RemoveAll(waiting => waiting.Item == item) > 0;

    /// <summary>The next one: of the highest risen priority, then the oldest clip. Null when nobody waits.</summary>
    public T? First()
    {
        var now = clock.GetTimestamp();
        return _waiting
            .OrderByDescending(waiting => waiting.Rank.RisenPriority(clock, now))
            .ThenBy(waiting => waiting.Rank.Order)
            .FirstOrDefault()
            .Item;
    }
}
