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
    private readonly IReadOnlyList<OnnxGraph> _graphs;
    private readonly IReadOnlyDictionary<OnnxGraph, SessionUse> _sessions;
    private readonly WeightStore _weights;
    private readonly Func<int, string> _prefix;
    private readonly bool _ahead;
    private Buffers? _current;
    private Buffers? _next;
    private int? _taken;
    private (int Index, Task Work)? _coming;

    /// <param name="graphs">Each block's graph.</param>
    /// <param name="sessions">They, compiled; the uses end with these blocks.</param>
    /// <param name="weights">The network's weights.</param>
    /// <param name="prefix">What stands before the names of a block's weights in the checkpoint.</param>
    /// <param name="ahead">Whether there is memory for two blocks.</param>
    public WidenedBlocks(
        IReadOnlyList<OnnxGraph> graphs,
        IReadOnlyDictionary<OnnxGraph, SessionUse> sessions,
        WeightStore weights,
        Func<int, string> prefix,
        bool ahead = true
    )
    {
        (_graphs, _sessions, _weights, _prefix, _ahead) = (graphs, sessions, weights, prefix, ahead);
    }

    public int Count => _graphs.Count;

    public PreparedRun Take(int index)
    {
        if (_taken == index)
        {
            return _current!.RunOf(_graphs[index]);
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
            WidenAsync(index, _current ??= new Buffers(_sessions), Environment.ProcessorCount).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        }

        _taken = index;
        Begin((index + 1) % Count); // the run taken before is over, so its memory is free
        return _current!.RunOf(_graphs[index]);
    }

    public void ReleaseMemory()
    {
#pragma warning disable VSTHRD002 // memory must not be freed while it is written to
        Task.WaitAny(_coming?.Work ?? Task.CompletedTask); // what comes is not needed: its failure is that of whoever needs it
#pragma warning restore VSTHRD002
        (_coming, _taken) = (null, null);
        _current?.Dispose();
        _next?.Dispose();
        (_current, _next) = (null, null);
    }

    public void Dispose()
    {
        ReleaseMemory();
        foreach (var session in _sessions.Values)
        {
            session.Dispose();
        }
    }

    /// <summary>Starts what can be done for a block while the one before it runs: all of it, or reading.</summary>
    private void Begin(int index)
    {
        if (_ahead)
        {
            var buffers = _next ??= new Buffers(_sessions);
            _coming = (index, WidenAsync(index, buffers, threads: 1));
        }
        else
        {
            _coming = (index, Task.Run(() => _weights.ReadAhead(_graphs[index].Weights, _prefix(index))));
        }
    }

    private async Task WidenAsync(int index, Buffers buffers, int threads)
    {
        var (graph, prefix) = (_graphs[index], _prefix(index));
        var tensors = buffers.TensorsOf(graph);
        // so that all threads are done together
        var slots = new ConcurrentQueue<WeightSlot>(graph.Weights.OrderByDescending(slot => slot.Shape.ElementCount));
        await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Run(Widen))).ConfigureAwait(false);
        if (!_weights.Stays(index, Count))
        {
            _weights.Forget(graph.Weights, prefix);
        }

        void Widen()
        {
            while (slots.TryDequeue(out var slot))
            {
                _weights.CopyTo(slot, prefix, tensors[slot.Name]);
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

    /// <summary>The memory that a block's weights are in, and a run of each graph on it.</summary>
    private sealed class Buffers : IDisposable
    {
        private readonly AlignedMemory _memory;
        private readonly Dictionary<OnnxGraph, (PreparedRun Run, Dictionary<string, Tensor> Tensors)> _kinds = [];

        public Buffers(IReadOnlyDictionary<OnnxGraph, SessionUse> sessions)
        {
            _memory = new AlignedMemory(sessions.Keys.Max(graph => graph.Weights.Sum(BytesOf)));
            foreach (var (graph, session) in sessions)
            {
                var (run, tensors, offset) = (session.Session.Prepare(), new Dictionary<string, Tensor>(), 0L);
                foreach (var slot in graph.Weights)
                {
                    tensors[slot.Name] = Tensor.View(_memory, offset, slot.DType, slot.Shape, isReadOnly: false);
                    run.SetInput(slot.Name, tensors[slot.Name]);
                    offset += BytesOf(slot);
                }

                _kinds.Add(graph, (run, tensors));
            }
        }

        public PreparedRun RunOf(OnnxGraph graph) => _kinds[graph].Run;

        public Dictionary<string, Tensor> TensorsOf(OnnxGraph graph) => _kinds[graph].Tensors;

        public void Dispose()
        {
            foreach (var (run, tensors) in _kinds.Values)
            {
                run.Dispose();
                foreach (var tensor in tensors.Values)
                {
                    tensor.Dispose();
                }
            }

            _memory.Dispose();
        }

        /// <summary>So that each weight begins where a cache line does.</summary>
        private static long BytesOf(WeightSlot slot)
        {
            const long Line = 64;
            return (slot.DType.ByteLength(slot.Shape.ElementCount) + Line - 1) / Line * Line;
        }
    }
}
