using System.Collections.Concurrent;

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
    private readonly GraphOptions _options;
    private readonly BlockKinds _blocks;
    private readonly BlockKinds _selfKeys;
    private readonly BlockKinds _blockRows;
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
        _options = options;
        _blocks = new(this, written => WanTransformer.Block(config, written));
        _selfKeys = new(this, written => WanTransformer.SelfKeys(config, written));
        _blockRows = new(this, written => WanTransformer.BlockRows(config, written));
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

    /// <summary>The first block without its <see cref="Keys"/>: all blocks are alike, unless their layers have several formats.</summary>
    public OnnxGraph Block => BlockOf(0);

    /// <summary>A block without its <see cref="Keys"/>; blocks whose layers have the same formats share a graph.</summary>
    public OnnxGraph BlockOf(int block) => _blocks.Of(block);

    /// <summary>The first part of a block that runs on some tokens at a time: its self-attention's keys and values.</summary>
    public OnnxGraph SelfKeysOf(int block) => _selfKeys.Of(block);

    /// <summary>The rest of a block that runs on some tokens at a time.</summary>
    public OnnxGraph BlockRowsOf(int block) => _blockRows.Of(block);

    /// <summary>After the blocks.</summary>
    public OnnxGraph Head => _head.Value;

    /// <summary>All that runs in a step, in one graph whose weights are constants.</summary>
    public OnnxGraph Step => _step.Value;

    /// <summary>The whole network in one graph.</summary>
    public OnnxGraph Whole => _whole.Value;

    /// <summary>All weights, under their full names.</summary>
    public IEnumerable<WeightSlot> Weights => [.. OtherWeights, .. BlockWeights];

    /// <summary>The weights of all blocks, under their full names.</summary>
    public IEnumerable<WeightSlot> BlockWeights =>
        Enumerable
            .Range(0, _config.Layers)
            .SelectMany(
                block => Keys.Weights.Concat(BlockOf(block).Weights),
                (block, slot) => slot with { Name = BlockPrefix(block) + slot.Name }
            );

    /// <summary>The weights outside the blocks.</summary>
    public IEnumerable<WeightSlot> OtherWeights => [.. Context.Weights, .. Embed.Weights, .. Head.Weights];

    /// <summary>What stands before the names of a block's weights in the checkpoint.</summary>
    public static string BlockPrefix(int block) => $"{BlockScope(block)}.";

    internal static string BlockScope(int block) => $"blocks.{block}";

    /// <summary>A graph of blocks, written once for each set of formats that the layers of a block have.</summary>
    private sealed class BlockKinds(TransformerGraphs graphs, Func<GraphOptions, OnnxGraph> write)
    {
        private readonly ConcurrentDictionary<LayerFormats, Lazy<OnnxGraph>> _written = new();

        public OnnxGraph Of(int block)
        {
            var formats = graphs._options.Layers?.Within(BlockPrefix(block));
            return _written
                .GetOrAdd(formats ?? LayerFormats.None, _ => new Lazy<OnnxGraph>(() => write(graphs._options with { Layers = formats })))
                .Value;
        }
    }
}
