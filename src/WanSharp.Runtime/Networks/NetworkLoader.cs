using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>What the runners share: a compiled graph, prepared with weights bound.</summary>
/// <param name="graphs">Compiles each graph once.</param>
/// <param name="settings">How graphs are compiled.</param>
/// <param name="weights">The network's weights.</param>
internal sealed class NetworkLoader(GraphCache graphs, SessionSettings settings, WeightStore weights)
{
    public WeightStore Weights => weights;

    /// <summary>A run of a graph whose weights are inputs, with those weights bound.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="prefix">What stands before the weights' names in the checkpoint.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    public async Task<PreparedRun> PrepareAsync(OnnxGraph graph, string prefix, CancellationToken cancellationToken)
    {
        var session = await graphs.GetAsync(graph, settings, cancellationToken);
        var run = session.Prepare();
        try
        {
            foreach (var slot in graph.Weights)
            {
                run.SetInput(slot.Name, weights.Get(slot, prefix));
            }

            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>A tensor of the wanted shape, kept from call to call while the shape stays.</summary>
    public static Tensor Buffer(ref Tensor? buffer, Shape shape)
    {
        if (buffer?.Shape != shape)
        {
            buffer?.Dispose();
            buffer = Tensor.Zeros(DType.F32, shape);
        }

        return buffer;
    }
}
