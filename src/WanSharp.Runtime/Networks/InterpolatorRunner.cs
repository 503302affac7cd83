using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Makes frames between frames.</summary>
/// <remarks>Thread-safe. The network is compiled when it is first used.</remarks>
public sealed class InterpolatorRunner : IDisposable
{
    private readonly PixelNetwork _network;

    /// <summary>Describes a network; nothing is read or compiled yet.</summary>
    /// <param name="runtime">The runtime that executes; it must outlive this object.</param>
    /// <param name="config">The network's dimensions.</param>
    /// <param name="weights">The weights under their official names; they must outlive this object.</param>
    /// <param name="settings">How the graph is compiled. Default: for the CPU.</param>
    /// <param name="graphs">Counts what is compiled, and must outlive this object. Default: its own.</param>
    /// <param name="giveBack">Called when a run had too little memory: it frees some, and the run is tried once more. Default: the run
    /// fails.</param>
    public InterpolatorRunner(
        OrtRuntime runtime,
        InterpolatorConfig config,
        WeightStore weights,
        SessionSettings? settings = null,
        GraphCache? graphs = null,
        Action<MemoryLimitException>? giveBack = null
    )
    {
        ArgumentNullException.ThrowIfNull(config);
        _network = new PixelNetwork(
            runtime,
            options => new InterpolatorGraphs(config, options).Between,
            weights,
            settings,
            graphs,
            giveBack
        );
    }

    /// <summary>Compiles the network unless it is compiled. <see cref="Between"/> does so, too, but blocks its caller.</summary>
    /// <param name="cancellationToken">Cancels the compilation, or the wait for another caller's.</param>
    /// <exception cref="CheckpointException">The checkpoint lacks a weight, or has it in another shape.</exception>
    public Task CompileAsync(CancellationToken cancellationToken = default) => _network.CompileAsync(cancellationToken);

    /// <summary>The frame at a time between two frames.</summary>
    /// <param name="first">F32 [1, 3, height, width], 0 to 1; sides are multiples of <see cref="InterpolatorConfig.Multiple"/>.</param>
    /// <param name="second">Alike.</param>
    /// <param name="time">0 for the first, 1 for the second.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <returns>The frame, alike; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The frames have another type or shape.</exception>
    /// <exception cref="CheckpointException">The checkpoint lacks a weight, or a number of the result is not finite.</exception>
    public Tensor Between(Tensor first, Tensor second, float time, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        var shape = first.Shape;
        if (
            first.DType != DType.F32
            || second.DType != DType.F32
            || second.Shape != shape
            || shape is not { Rank: 4, ElementCount: > 0 }
            || shape[0] != 1
            || shape[1] != PixelNetwork.Colors
            || shape[2] % InterpolatorConfig.Multiple != 0
            || shape[3] % InterpolatorConfig.Multiple != 0
        )
        {
            throw new ArgumentException(
                $"Two frames F32 [1, {PixelNetwork.Colors}, height, width] with sides that {InterpolatorConfig.Multiple} divides are "
                    + $"expected, not {first.DType} {shape} and {second.DType} {second.Shape}.",
                nameof(first)
            );
        }

        using var times = Tensor.Zeros(DType.F32, [1, 1, 1, 1]);
        times.Write<float>()[0] = time;
        return _network.Run(
            shape,
            (run, result) =>
            {
                run.SetInput(InterpolatorGraphs.First, first);
                run.SetInput(InterpolatorGraphs.Second, second);
                run.SetInput(InterpolatorGraphs.Time, times);
                run.SetOutput(InterpolatorGraphs.Output, result);
            },
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public void Dispose() => _network.Dispose();
}
