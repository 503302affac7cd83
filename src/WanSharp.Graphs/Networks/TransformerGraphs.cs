namespace WanSharp.Graphs.Networks;

/// <summary>
/// The graphs of a transformer, and the names of their weights in the checkpoint: the one description that running, planning,
/// measuring, exporting and reading names share.
/// </summary>
/// <remarks>Thread-safe. A graph is written when it is first asked for.</remarks>
public sealed class TransformerGraphs
{
    private readonly TransformerConfig _config;
    private readonly Lazy<OnnxGraph> _context;
    private readonly Lazy<OnnxGraph> _keys;
    private readonly Lazy<OnnxGraph> _embed;
    private readonly Lazy<OnnxGraph> _block;
    private readonly Lazy<OnnxGraph> _selfKeys;
    private readonly Lazy<OnnxGraph> _blockRows;
    private readonly Lazy<OnnxGraph> _head;
    private readonly Lazy<OnnxGraph> _step;
    private readonly Lazy<OnnxGraph> _whole;

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
        _selfKeys = new(() => WanTransformer.SelfKeys(config, options));
        _blockRows = new(() => WanTransformer.BlockRows(config, options));
        _head = new(() => WanTransformer.Head(config, exact));
        _step = new(() => WanTransformer.Step(config, options with { Weights = WeightStorage.Initializers }));
        _whole = new(() => WanTransformer.Whole(config, options));
    }

    /// <summary>Embeds a text, and an image's features; once for a clip.</summary>
    public OnnxGraph Context => _context.Value;

    /// <summary>A block's keys and values of a context; once for a clip and block.</summary>
    public OnnxGraph Keys => _keys.Value;

    /// <summary>Before the blocks.</summary>
    public OnnxGraph Embed => _embed.Value;

    /// <summary>A block without its <see cref="Keys"/>.</summary>
    public OnnxGraph Block => _block.Value;

    /// <summary>The first part of a <see cref="Block"/> that runs on some tokens at a time: its self-attention's keys and values.</summary>
    public OnnxGraph SelfKeys => _selfKeys.Value;

    /// <summary>The rest of a <see cref="Block"/> that runs on some tokens at a time.</summary>
    public OnnxGraph BlockRows => _blockRows.Value;

    /// <summary>After the blocks.</summary>
    public OnnxGraph Head => _head.Value;

    /// <summary>All that runs in a step, in one graph whose weights are constants.</summary>
    public OnnxGraph Step => _step.Value;

    /// <summary>The whole network in one graph.</summary>
    public OnnxGraph Whole => _whole.Value;

    /// <summary>All weights, under their full names.</summary>
    public IEnumerable<WeightSlot> Weights => [.. OtherWeights, .. BlockWeights];

    /// <summary>The weights of all blocks, under their full names.</summary>
    public IEnumerable<WeightSlot> BlockWeights => Keys.Weights.Concat(Block.Weights).InBlocks(_config.Layers, BlockPrefix);

    /// <summary>The weights outside the blocks.</summary>
    public IEnumerable<WeightSlot> OtherWeights => [.. Context.Weights, .. Embed.Weights, .. Head.Weights];

    /// <summary>What stands before the names of a block's weights in the checkpoint.</summary>
    public static string BlockPrefix(int block) => $"{BlockScope(block)}.";

    internal static string BlockScope(int block) => $"blocks.{block}";
}
