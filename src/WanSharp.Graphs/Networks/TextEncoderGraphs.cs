using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// The graphs of a umT5 text encoder, and the names of their weights in the checkpoint: the one description that running, planning,
/// measuring, exporting and reading names share.
/// </summary>
/// <remarks>Thread-safe. A graph is written when it is first asked for.</remarks>
public sealed class TextEncoderGraphs
{
    /// <summary>The table of token embeddings, which is read from the checkpoint row by row unless the network is one graph.</summary>
    public const string EmbeddingName = "token_embedding.weight";

    private readonly Umt5Config _config;
    private readonly Lazy<OnnxGraph> _block;
    private readonly Lazy<OnnxGraph> _norm;
    private readonly Lazy<OnnxGraph> _whole;

    /// <param name="config">The network's dimensions.</param>
    /// <param name="options">How graphs are written.</param>
    public TextEncoderGraphs(Umt5Config config, GraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        _config = config;
        _block = new(() => Umt5Encoder.Block(config, options));
        _norm = new(() => Umt5Encoder.Norm(config, options));
        _whole = new(() => Umt5Encoder.Whole(config, options));
    }

    /// <summary>One block.</summary>
    public OnnxGraph Block => _block.Value;

    /// <summary>After the blocks.</summary>
    public OnnxGraph Norm => _norm.Value;

    /// <summary>The whole network in one graph.</summary>
    public OnnxGraph Whole => _whole.Value;

    /// <summary>The table of token embeddings.</summary>
    public WeightSlot Embedding => new(EmbeddingName, DType.F32, [_config.Vocabulary, _config.Dim]);

    /// <summary>All weights, under their full names.</summary>
    public IEnumerable<WeightSlot> Weights => [Embedding, .. BlockWeights, .. Norm.Weights];

    /// <summary>The weights of all blocks, under their full names.</summary>
    public IEnumerable<WeightSlot> BlockWeights => Block.Weights.InBlocks(_config.Layers, BlockPrefix);

    /// <summary>What stands before the names of a block's weights in the checkpoint.</summary>
    public static string BlockPrefix(int block) => $"{BlockScope(block)}.";

    internal static string BlockScope(int block) => $"blocks.{block}";
}
