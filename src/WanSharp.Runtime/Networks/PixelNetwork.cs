using WanSharp.Graphs;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>A network of one graph that makes frames of frames, whatever their size.</summary>
/// <remarks>Thread-safe. It is compiled when it is first used.</remarks>
internal sealed class PixelNetwork : IDisposable
{
    public const int Colors = 3;

    private readonly GraphCache? _ownGraphs;
    private readonly WeightStore _weights;
    private readonly CompiledNetwork _network;

    /// <summary>Describes a network; nothing is read or compiled yet.</summary>
    /// <param name="runtime">The runtime that executes; it must outlive this object.</param>
    /// <param name="write">Writes the graph.</param>
    /// <param name="weights">The weights under their official names; they must outlive this object.</param>
    /// <param name="settings">How the graph is compiled; null for the CPU.</param>
    /// <param name="graphs">Counts what is compiled, and must outlive this object; null for its own.</param>
    /// <param name="giveBack">Called when a run had too little memory: it frees some, and the run is tried once more; null if the run
    /// fails.</param>
    public PixelNetwork(
        OrtRuntime runtime,
        Func<GraphOptions, OnnxGraph> write,
        WeightStore weights,
        SessionSettings? settings,
        GraphCache? graphs,
        Action<MemoryLimitException>? giveBack
    )
    {
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentNullException.ThrowIfNull(weights);
        _weights = weights;
        var compiled = (settings ?? new SessionSettings()) with
        {
            MemoryPattern = false, // pictures and tiles differ in size
            Compute = DType.F32, // flows count in parts of a pixel, and pictures are what is looked at
        };
        var cache = graphs ?? (_ownGraphs = new GraphCache(runtime));
        _network = new CompiledNetwork(
            cancellationToken =>
            {
                // As constants the weights are packed once, and convolutions get the layout that suits the processor.
                var options = runtime.GraphOptionsFor(compiled) with
                {
                    Weights = WeightStorage.Initializers,
                };
                return cache.OpenAsync(write(options), weights, compiled, cancellationToken);
            },
            giveBack
        );
    }

    /// <summary>Compiles the network unless it is compiled.</summary>
    public Task CompileAsync(CancellationToken cancellationToken) => _network.OpenAsync(cancellationToken);

    /// <summary>Runs the network.</summary>
    /// <param name="shape">The shape of its result.</param>
    /// <param name="bind">Sets the inputs, and the output to the tensor at hand.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <returns>F32 of that shape, all of it finite; the caller disposes it.</returns>
    public Tensor Run(Shape shape, Action<PreparedRun, Tensor> bind, CancellationToken cancellationToken)
    {
        var result = Tensor.Zeros(DType.F32, shape);
        try
        {
            _network.Run(run => bind(run, result), cancellationToken);
        }
        catch
        {
            result.Dispose();
            throw;
        }

        return NetworkOutput.Finite(result, _weights);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _network.Dispose();
        _ownGraphs?.Dispose();
    }
}
