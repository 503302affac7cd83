using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// Blocks whose weights are narrower in the checkpoint than in the graph: there is memory for two blocks, and while one
/// runs the next one's weights are widened. So a network in BF16, fp8 or GGUF's types runs without an F32 copy of its own. The checkpoint's
/// pages of those that do not stay (<see cref="WeightStore.ResidentBlocks"/>) are let go as soon as they are read.
/// </summary>
internal sealed class WidenedBlocks : IBlockRuns
{
    private readonly OnnxGraph _graph;
    private readonly SessionUse _session;
    private readonly WeightStore _weights;
    private readonly Func<int, string> _prefix;
    private Buffers? _current;
    private Buffers? _next;
    private int? _taken;
    private (int Index, Task Widening)? _coming;

    /// <param name="graph">The block's graph.</param>
    /// <param name="session">It, compiled; the use ends with these blocks.</param>
    /// <param name="weights">The network's weights.</param>
    /// <param name="count">How many blocks there are.</param>
    /// <param name="prefix">What stands before the names of a block's weights in the checkpoint.</param>
    public WidenedBlocks(OnnxGraph graph, SessionUse session, WeightStore weights, int count, Func<int, string> prefix)
    {
        (_graph, _session, _weights, _prefix, Count) = (graph, session, weights, prefix, count);
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
        (_current, _next) = (_next, _current);
        _taken = index;
        Begin((index + 1) % Count); // the run taken before is over, so its memory is free
        return _current!.Run;
    }

    public void ReleaseMemory()
    {
        Task.WaitAny(_coming?.Widening ?? Task.CompletedTask); // what comes is not needed: its failure is that of whoever needs it
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

    private void Begin(int index)
    {
        _next ??= new Buffers(_graph, _session.Session);
        var (tensors, prefix) = (_next.Tensors, _prefix(index));
        _coming = (index, Task.Run(() =>
        {
            foreach (var slot in _graph.Weights)
            {
                _weights.CopyTo(slot, prefix, tensors[slot.Name]);
            }

            if (!_weights.Stays(index, Count))
            {
                _weights.Forget(_graph.Weights, prefix);
            }
        }));
    }

    /// <summary>Waits for the widening under way; it takes less time than a block's run.</summary>
    private void Finish()
    {
        var widening = _coming?.Widening;
        _coming = null;
        widening?.GetAwaiter().GetResult();
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
