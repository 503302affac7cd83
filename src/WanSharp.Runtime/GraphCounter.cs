namespace WanSharp.Runtime;

/// <summary>Counts what happens to a graph, here and for whoever listens to <see cref="RuntimeMetrics"/>. Thread-safe.</summary>
internal sealed class GraphCounter(string name)
{
    private long _compiles;
    private long _compileTicks;
    private long _hits;
    private long _releases;

    public void Compiled(TimeSpan time)
    {
        Interlocked.Increment(ref _compiles);
        Interlocked.Add(ref _compileTicks, time.Ticks);
        RuntimeMetrics.Compiled(name, time);
    }

    public void Hit()
    {
        Interlocked.Increment(ref _hits);
        RuntimeMetrics.Hit(name);
    }

    public void Released()
    {
        Interlocked.Increment(ref _releases);
        RuntimeMetrics.Released(name);
    }

    public GraphStatistics Snapshot() => new(
        name, Interlocked.Read(ref _compiles), TimeSpan.FromTicks(Interlocked.Read(ref _compileTicks)), Interlocked.Read(ref _hits), Interlocked.Read(ref _releases));
}
