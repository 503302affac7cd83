using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Runs CLIP's image encoder block by block, with weights bound once as views of the checkpoint.</summary>
/// <remarks>For one thread at a time.</remarks>
public sealed class VisionEncoderRunner : IDisposable
{
    private readonly PreparedRun _embed;
    private readonly IBlockWeights _blocks;
    private readonly SessionMemory _memory;
    private readonly WeightStore _weights;
    private readonly Action<string, Tensor>? _observe;

    private VisionEncoderRunner(
        VisionEncoderConfig configuration,
        WeightStore weights,
        PreparedRun embed,
        IBlockWeights blocks,
        SessionMemory memory,
        Action<string, Tensor>? observe
    )
    {
        Configuration = configuration;
        _memory = memory;
        _weights = weights;
        _embed = embed;
        _blocks = blocks;
        _observe = observe;
    }

    /// <summary>The network's dimensions.</summary>
    public VisionEncoderConfig Configuration { get; }

    /// <summary>Compiles the graphs and binds the weights.</summary>
    /// <param name="graphs">Compiles each graph once.</param>
    /// <param name="configuration">The network's dimensions.</param>
    /// <param name="weights">Its weights; they must outlive the runner.</param>
    /// <param name="settings">How the graphs are compiled.</param>
    /// <param name="observe">Receives intermediate values by name, as views that are valid during the call; for parity checks.
    /// Default: null.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    /// <exception cref="CheckpointException">A weight is missing or of another shape.</exception>
    public static async Task<VisionEncoderRunner> CreateAsync(
        GraphCache graphs,
        VisionEncoderConfig configuration,
        WeightStore weights,
        SessionSettings settings,
        Action<string, Tensor>? observe = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var loader = new NetworkLoader(graphs, settings, weights);
        var options = loader.Options();
        var blocks = await loader
            .PrepareBlocksAsync(
                written => new VisionEncoderGraphs(configuration, written).Block,
                options,
                configuration.LayersUsed,
                VisionEncoderGraphs.BlockPrefix,
                cancellationToken
            )
            .ConfigureAwait(false);
        try
        {
            var graph = new VisionEncoderGraphs(configuration, options).Embed;
            var embed = await loader.PrepareAsync(graph, "", cancellationToken).ConfigureAwait(false);
            return new VisionEncoderRunner(configuration, weights, embed, blocks, loader.Memory, observe);
        }
        catch
        {
            blocks.Dispose();
            throw;
        }
    }

    /// <summary>Encodes images.</summary>
    /// <param name="images"><c>[batch, 3, image size, image size]</c>, standardized as CLIP was trained.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <returns><c>[batch, tokens, dim]</c>; the caller disposes it.</returns>
    /// <exception cref="ArgumentException">The images have another shape.</exception>
    /// <exception cref="CheckpointException">A number of the result is not finite.</exception>
    public Tensor Encode(Tensor images, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var size = Configuration.ImageSize;
        if (images.Shape.Rank != 4 || images.Shape != Shape.Create([images.Shape[0], 3, size, size]))
        {
            throw new ArgumentException($"Images [batch, 3, {size}, {size}] are expected, not {images.Shape}.", nameof(images));
        }

        Shape activations = [images.Shape[0], Configuration.Tokens, Configuration.Dim];
        using var first = _memory.Allocate(DType.F32, activations, cancellationToken);
        using var second = _memory.Allocate(DType.F32, activations, cancellationToken);
        var (x, next) = (first, second);
        _embed.SetInput("image", images);
        Run(_embed, "x", next, "pre_norm", cancellationToken);
        for (var i = 0; i < _blocks.Count; i++)
        {
            (x, next) = (next, x);
            var block = _blocks.Take(i);
            block.SetInput("x", x);
            Run(block, "x_out", next, $"block{i}", cancellationToken);
        }

        return NetworkOutput.Finite(next.CopyToHost(cancellationToken), _weights);
    }

    /// <summary>Frees the prepared runs; the graph cache keeps the sessions.</summary>
    public void Dispose()
    {
        _embed.Dispose();
        _blocks.Dispose();
    }

    private void Run(PreparedRun run, string output, RuntimeValue result, string name, CancellationToken cancellationToken)
    {
        run.SetOutput(output, result);
        run.Run(cancellationToken).Dispose();
        if (_observe is not null)
        {
            NetworkLoader.Show(_observe, name, result);
        }
    }
}
