using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Runs a umT5 encoder block by block; embeddings are looked up in the mapped checkpoint.</summary>
/// <remarks>For one thread at a time.</remarks>
public sealed class TextEncoderRunner : IDisposable
{
    private readonly Umt5Config _configuration;
    private readonly EmbeddingTable _embeddings;
    private readonly IBlockWeights _blocks;
    private readonly PreparedRun _norm;
    private readonly SessionMemory _memory;
    private readonly WeightStore _weights;
    private readonly Action<string, Tensor>? _observe;

    private TextEncoderRunner(
        Umt5Config configuration,
        WeightStore weights,
        EmbeddingTable embeddings,
        IBlockWeights blocks,
        PreparedRun norm,
        SessionMemory memory,
        Action<string, Tensor>? observe
    )
    {
        _memory = memory;
        _weights = weights;
        _configuration = configuration;
        _embeddings = embeddings;
        _blocks = blocks;
        _norm = norm;
        _observe = observe;
    }

    /// <summary>Compiles the graphs and binds the weights.</summary>
    /// <param name="graphs">Compiles each graph once.</param>
    /// <param name="configuration">The network's dimensions.</param>
    /// <param name="weights">Its weights; they must outlive the runner.</param>
    /// <param name="settings">How the graphs are compiled.</param>
    /// <param name="observe">Receives intermediate values by name, as views that are valid during the call; for parity checks.
    /// Default: null.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    /// <exception cref="CheckpointException">A weight is missing or of another shape.</exception>
    public static async Task<TextEncoderRunner> CreateAsync(
        GraphCache graphs,
        Umt5Config configuration,
        WeightStore weights,
        SessionSettings settings,
        Action<string, Tensor>? observe = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var loader = new NetworkLoader(graphs, settings with { Compute = Umt5Encoder.ComputeFor(settings.Compute) }, weights);
        var options = loader.Options(observed: observe is not null);
        var embeddings = new EmbeddingTable(weights, TextEncoderGraphs.EmbeddingName, configuration.Vocabulary, configuration.Dim);
        var blocks = await loader
            .PrepareBlocksAsync(
                written => new TextEncoderGraphs(configuration, written).Block,
                options,
                configuration.Layers,
                TextEncoderGraphs.BlockPrefix,
                cancellationToken
            )
            .ConfigureAwait(false);
        try
        {
            var graph = new TextEncoderGraphs(configuration, options).Norm;
            var norm = await loader.PrepareAsync(graph, "", cancellationToken).ConfigureAwait(false);
            return new TextEncoderRunner(configuration, weights, embeddings, blocks, norm, loader.Memory, observe);
        }
        catch
        {
            blocks.Dispose();
            throw;
        }
    }

    /// <summary>Encodes a prompt.</summary>
    /// <param name="ids">Token ids, the end's included; padding may follow.</param>
    /// <param name="tokens">How many of them are not padding. Rows of the result that belong to padding are meaningless.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <returns><c>[1, length, dim]</c>; the caller disposes it.</returns>
    /// <exception cref="CheckpointException">An id is beyond the vocabulary, or a number of the result is not finite.</exception>
    public Tensor Encode(ReadOnlySpan<int> ids, int tokens, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfZero(ids.Length, nameof(ids));
        using var buckets = Umt5Encoder.RelativePositions(_configuration, ids.Length);
        using var mask = Tensor.Zeros(DType.I64, [1, ids.Length]);
        mask.Write<long>()[..tokens].Fill(1);
        using var embedded = _embeddings.Lookup(ids); // [1, length, dim]
        _observe?.Invoke("embed", embedded);
        using var placedBuckets = _memory.Place(buckets, cancellationToken);
        using var placedMask = _memory.Place(mask, cancellationToken);
        using var first = _memory.Place(embedded, cancellationToken);
        using var second = _memory.Allocate(DType.F32, embedded.Shape, cancellationToken);
        var (x, next) = (first, second);
        try
        {
            for (var i = 0; i < _blocks.Count; i++)
            {
                RunBlock(i, x, next, placedBuckets, placedMask, cancellationToken);
                (x, next) = (next, x);
            }
        }
        finally
        {
            _blocks.ReleaseMemory(); // two blocks of umT5-XXL in float32 are 1.5 GB, which the transformer can use
        }

        var text = Tensor.Zeros(DType.F32, embedded.Shape);
        try
        {
            _norm.SetInput("x", x);
            _norm.SetOutput("text", text);
            _norm.Run(cancellationToken).Dispose();
            return NetworkOutput.Finite(text, _weights);
        }
        catch
        {
            text.Dispose();
            throw;
        }
    }

    /// <summary>Frees the prepared runs; the graph cache keeps the sessions.</summary>
    public void Dispose()
    {
        _norm.Dispose();
        _blocks.Dispose();
    }

    private void RunBlock(
        int index,
        RuntimeValue x,
        RuntimeValue next,
        RuntimeValue buckets,
        RuntimeValue mask,
        CancellationToken cancellationToken
    )
    {
        var block = _blocks.Take(index);
        block.SetInput("x", x);
        block.SetInput("buckets", buckets);
        block.SetInput("mask", mask);
        block.SetOutput("x_out", next);
        using var result = block.Run(cancellationToken);
        NetworkLoader.Show(_observe, $"block{index}_", result, except: "x_out");
        if (_observe is not null)
        {
            NetworkLoader.Show(_observe, $"block{index}", next);
        }
    }
}
