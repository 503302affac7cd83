using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Enlarges frames, or tiles of them.</summary>
/// <remarks>Thread-safe. The network is compiled when it is first used.</remarks>
public sealed class UpscalerRunner : IFrameEnlarger, IDisposable
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
    public UpscalerRunner(
        OrtRuntime runtime,
        UpscalerConfig config,
        WeightStore weights,
        SessionSettings? settings = null,
        GraphCache? graphs = null,
        Action<MemoryLimitException>? giveBack = null
    )
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        _network = new PixelNetwork(runtime, options => new UpscalerGraphs(config, options).Enlarge, weights, settings, graphs, giveBack);
    }

    /// <summary>The network's dimensions.</summary>
    public UpscalerConfig Config { get; }

    int IFrameEnlarger.Scale => Config.Scale;

    int IFrameEnlarger.Multiple => Config.Multiple;

    /// <summary>Compiles the network unless it is compiled. <see cref="Enlarge"/> does so, too, but blocks its caller.</summary>
    /// <param name="cancellationToken">Cancels the compilation, or the wait for another caller's.</param>
    /// <exception cref="CheckpointException">The checkpoint lacks a weight, or has it in another shape.</exception>
    public Task CompileAsync(CancellationToken cancellationToken = default) => _network.CompileAsync(cancellationToken);

    /// <summary>Enlarges frames.</summary>
    /// <param name="frames">F32 [batch, 3, height, width], 0 to 1; sides are multiples of <see cref="UpscalerConfig.Multiple"/>.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <returns>[batch, 3, scale · height, scale · width], a little beyond 0 and 1 at most; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The frames have another type or shape.</exception>
    /// <exception cref="CheckpointException">The checkpoint lacks a weight, or a number of the result is not finite.</exception>
    public Tensor Enlarge(Tensor frames, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(frames);
        var (shape, multiple) = (frames.Shape, Config.Multiple);
        if (
            frames.DType != DType.F32
            || shape is not { Rank: 4, ElementCount: > 0 }
            || shape[1] != PixelNetwork.Colors
            || shape[2] % multiple != 0
            || shape[3] % multiple != 0
        )
        {
            throw new ArgumentException(
                $"Frames F32 [batch, {PixelNetwork.Colors}, height, width] with sides that {multiple} divides are expected, not "
                    + $"{frames.DType} {shape}.",
                nameof(frames)
            );
        }

        return _network.Run(
            [shape[0], PixelNetwork.Colors, shape[2] * Config.Scale, shape[3] * Config.Scale],
            (run, result) =>
            {
                run.SetInput(UpscalerGraphs.Input, frames);
                run.SetOutput(UpscalerGraphs.Output, result);
            },
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public void Dispose() => _network.Dispose();
}
