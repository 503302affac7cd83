using System.Collections.Concurrent;
using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// Blocks whose weights are narrower in the checkpoint than in the graph: there is memory for two blocks, and while one
/// runs the next one's weights are widened; or for one, and they are widened between two runs, by all processors. So a network in
/// BF16, fp8 or GGUF's types runs without its own F32 copy. The checkpoint's
/// pages of those that do not stay (<see cref="WeightStore.ResidentBlocks"/>) are let go as soon as they are read.
/// </summary>
internal sealed class WidenedBlocks : IBlockWeights
{
    private readonly OnnxGraph _graph;
    private readonly SessionUse _session;
    private readonly WeightStore _weights;
    private readonly Func<int, string> _prefix;
    private readonly bool _ahead;
    private Buffers? _current;
    private Buffers? _next;
    private int? _taken;
    private (int Index, Task Work)? _coming;

    /// <param name="graph">The block's graph.</param>
    /// <param name="session">It, compiled; the use ends with these blocks.</param>
    /// <param name="weights">The network's weights.</param>
    /// <param name="count">How many blocks there are.</param>
    /// <param name="prefix">What stands before the names of a block's weights in the checkpoint.</param>
    /// <param name="ahead">Whether there is memory for two blocks.</param>
    public WidenedBlocks(OnnxGraph graph, SessionUse session, WeightStore weights, int count, Func<int, string> prefix, bool ahead = true)
    {
        (_graph, _session, _weights, _prefix, Count, _ahead) = (graph, session, weights, prefix, count, ahead);
    }

    public int Count { get; }

    public PreparedRun Take(int index)
    {
        if (_taken == index)
        {
            return _current!.Run;
        }

        if (_coming?.Index != index) // the first one, or the pass before was given up
        {
            Finish();
            Begin(index);
        }

        _taken = null; // until its weights are there
        Finish();
        if (_ahead)
        {
            (_current, _next) = (_next, _current);
        }
        else
        {
#pragma warning disable VSTHRD002 // a pass computes on its caller's thread, and needs the block now
            WidenAsync(index, _current ??= new Buffers(_graph, _session.Session), Environment.ProcessorCount).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        }

        _taken = index;
        Begin((index + 1) % Count); // the run taken before is over, so its memory is free
        return _current!.Run;
    }

    public void ReleaseMemory()
    {
#pragma warning disable VSTHRD002 // memory must not be freed while it is written to
        Task.WaitAny(_coming?.Work ?? Task.CompletedTask); // the prefetch is being discarded, so its failure is ignored
#pragma warning restore VSTHRD002
        (_coming, _taken) = (null, null);
        _current?.Dispose();
        _next?.Dispose();
        (_current, _next) = (null, null);
    }

    public void Dispose()
    {
        ReleaseMemory();
        _session.Dispose();
    }

    /// <summary>Starts what can be done for a block while the one before it runs: all of it, or reading.</summary>
    private void Begin(int index)
    {
        if (_ahead)
        {
            var buffers = _next ??= new Buffers(_graph, _session.Session);
            _coming = (index, WidenAsync(index, buffers, threads: 1));
        }
        else
        {
            _coming = (index, Task.Run(() => _weights.ReadAhead(_graph.Weights, _prefix(index))));
        }
    }

    private async Task WidenAsync(int index, Buffers buffers, int threads)
    {
        var prefix = _prefix(index);
        // so that all threads are done together
        var slots = new ConcurrentQueue<WeightSlot>(_graph.Weights.OrderByDescending(slot => slot.Shape.ElementCount));
        await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Run(Widen))).ConfigureAwait(false);
        if (!_weights.Stays(index, Count))
        {
            _weights.Forget(_graph.Weights, prefix);
        }

        void Widen()
        {
            while (slots.TryDequeue(out var slot))
            {
                _weights.CopyTo(slot, prefix, buffers.Tensors[slot.Name]);
            }
        }
    }

    /// <summary>Waits for what was begun; it takes less time than a block's run.</summary>
    private void Finish()
    {
        var work = _coming?.Work;
        _coming = null;
#pragma warning disable VSTHRD002 // a pass computes on its caller's thread, and needs the block now
        work?.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    /// <summary>A run, and the memory that its weights are in.</summary>
    private sealed class Buffers : IDisposable
    {
        public Buffers(OnnxGraph graph, Session session)
        {
            Run = session.Prepare();
            Tensors = graph.Weights.ToDictionary(slot => slot.Name, slot => Tensor.Zeros(slot.DType, slot.Shape));
            foreach (var (name, tensor) in Tensors)
            {
                Run.SetInput(name, tensor);
            }
        }

        public PreparedRun Run { get; }

        public Dictionary<string, Tensor> Tensors { get; }

        public void Dispose()
        {
            Run.Dispose();
            foreach (var tensor in Tensors.Values)
            {
                tensor.Dispose();
            }
        }
    }
}
