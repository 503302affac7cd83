namespace WanSharp.Graphs.Networks;

/// <summary>
/// The graphs that a transformer is cut into, and the names of their weights in the checkpoint: what a program that plans, measures
/// or reads names has to know of the network.
/// </summary>
/// <remarks>Thread-safe. A graph is written when it is first asked for.</remarks>
public sealed class TransformerGraphs
{
    private readonly TransformerConfig _config;
    private readonly Lazy<OnnxGraph> _context;
    private readonly Lazy<OnnxGraph> _keys;
    private readonly Lazy<OnnxGraph> _embed;
    private readonly Lazy<OnnxGraph> _block;
    private readonly Lazy<OnnxGraph> _head;

    /// <param name="config">The network's dimensions.</param>
    /// <param name="options">How graphs are written; only blocks are quantized.</param>
    public TransformerGraphs(TransformerConfig config, GraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        var exact = options with { Quantization = Quantization.None };
        _config = config;
        _context = new(() => WanTransformer.Context(config, exact));
        _keys = new(() => WanTransformer.Keys(config, exact));
        _embed = new(() => WanTransformer.Embed(config, exact));
        _block = new(() => WanTransformer.Block(config, options));
        _head = new(() => WanTransformer.Head(config, exact));
    }

    /// <summary>Embeds a text, and an image's features; once for a clip.</summary>
    public OnnxGraph Context => _context.Value;

    /// <summary>A block's keys and values of a context; once for a clip and block.</summary>
    public OnnxGraph Keys => _keys.Value;

    /// <summary>Before the blocks.</summary>
    public OnnxGraph Embed => _embed.Value;

    /// <summary>A block, but for its <see cref="Keys"/>.</summary>
    public OnnxGraph Block => _block.Value;

    /// <summary>After the blocks.</summary>
    public OnnxGraph Head => _head.Value;

    /// <summary>All weights, under their full names.</summary>
    public IEnumerable<WeightSlot> Weights => [.. OtherWeights, .. BlockWeights];

    /// <summary>The weights of all blocks, under their full names.</summary>
    public IEnumerable<WeightSlot> BlockWeights =>
        Enumerable
            .Range(0, _config.Layers)
            .SelectMany(_ => Keys.Weights.Concat(Block.Weights), (block, slot) => slot with { Name = BlockPrefix(block) + slot.Name });

    /// <summary>The weights outside the blocks.</summary>
    public IEnumerable<WeightSlot> OtherWeights => [.. Context.Weights, .. Embed.Weights, .. Head.Weights];

    /// <summary>What stands before the names of a block's weights in the checkpoint.</summary>
    public static string BlockPrefix(int block) => $"blocks.{block}.";
}
