using System.Diagnostics;

namespace WanSharp.Runtime;

/// <summary>Counts what happens to a graph, here and for whoever listens to <see cref="RuntimeMetrics"/>. Thread-safe.</summary>
internal sealed class GraphCounter(string name)
{
    private readonly Lock _gate = new();
    private readonly List<BlockTimes> _blocks = [];
    private GraphStatistics _counts = new() { Name = name };

    public void Compiled(TimeSpan time, long bytes)
    {
        RuntimeMetrics.Compiled(name, time, bytes);
        Change(counts => counts with { Compiles = counts.Compiles + 1, CompileTime = counts.CompileTime + time }, bytes);
    }

    public void Loaded(TimeSpan time, long bytes)
    {
        RuntimeMetrics.Loaded(name, time, bytes);
        Change(counts => counts with { Loads = counts.Loads + 1, LoadTime = counts.LoadTime + time }, bytes);
    }

    public void Hit()
    {
        RuntimeMetrics.Hit(name);
        Change(counts => counts with { Hits = counts.Hits + 1 });
    }

    public void Rejected()
    {
        RuntimeMetrics.Rejected(name);
        Change(counts => counts with { Invalid = counts.Invalid + 1 });
    }

    public void Evicted()
    {
        RuntimeMetrics.Evicted(name);
        Change(counts => counts with { Evictions = counts.Evictions + 1 });
    }

    /// <summary>A session's memory is free.</summary>
    public void Freed(long bytes)
    {
        RuntimeMetrics.Freed(name, bytes);
        Change(counts => counts, -bytes);
    }

    /// <inheritdoc cref="RuntimeMetrics.StartRun"/>
    public Activity? StartRun(int? block) => RuntimeMetrics.StartRun(name, block);

    /// <param name="block">Whose weights it ran with; null for a graph that is not run block by block.</param>
    /// <param name="time">How long.</param>
    public void Ran(int? block, TimeSpan time)
    {
        RuntimeMetrics.Ran(name, block, time);
        lock (_gate)
        {
            _counts = _counts with { Runs = _counts.Runs + 1, RunTime = _counts.RunTime + time };
            if (block is { } index)
            {
                var before = BlockAt(index);
                _blocks[index] = before with { Compute = before.Compute + time };
            }
        }
    }

    public void Waited(int block, TimeSpan time)
    {
        RuntimeMetrics.Waited(name, block, time);
        lock (_gate)
        {
            var before = BlockAt(block);
            _blocks[block] = before with { Wait = before.Wait + time };
        }
    }

    public GraphStatistics Snapshot()
    {
        lock (_gate)
        {
            return _counts with { Blocks = [.. _blocks] };
        }
    }

    private void Change(Func<GraphStatistics, GraphStatistics> change, long bytes = 0)
    {
        lock (_gate)
        {
            var held = _counts.Bytes + bytes;
            _counts = change(_counts) with { Bytes = held, PeakBytes = Math.Max(_counts.PeakBytes, held) };
        }
    }

    private BlockTimes BlockAt(int index)
    {
        while (_blocks.Count <= index)
        {
            _blocks.Add(new BlockTimes(TimeSpan.Zero, TimeSpan.Zero));
        }

        return _blocks[index];
    }
}
