using WanSharp.Graphs;
using WanSharp.Runtime.Adapters;
using WanSharp.Runtime.Weights;

namespace WanSharp.Runtime.Networks;

/// <summary>Gives the runs of blocks LoRAs: the blocks of a graph share the buffers.</summary>
/// <remarks>For one thread at a time.</remarks>
/// <param name="graphOf">The graph of a block.</param>
/// <param name="weights">The network's weights.</param>
internal sealed class BlockAdapters(Func<int, OnnxGraph> graphOf, WeightStore weights) : IDisposable
{
    private readonly Dictionary<OnnxGraph, AdapterInputs> _graphs = [];

    /// <summary>What gives a block's run its LoRAs.</summary>
    public AdapterInputs Of(int block)
    {
        var graph = graphOf(block);
        if (!_graphs.TryGetValue(graph, out var inputs))
        {
            _graphs.Add(graph, inputs = new AdapterInputs(graph, weights));
        }

        return inputs;
    }

    /// <summary>Frees the buffers; the next run makes them again.</summary>
    public void ReleaseMemory()
    {
        foreach (var inputs in _graphs.Values)
        {
            inputs.ReleaseMemory();
        }
    }

    public void Dispose() => ReleaseMemory();
}
