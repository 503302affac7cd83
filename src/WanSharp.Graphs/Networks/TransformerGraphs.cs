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
    private readonly Lazy<OnnxGraph> _embed;
    private readonly GraphOptions _options;
    private readonly BlockKinds _keys;
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
        _embed = new(() => WanTransformer.Embed(config, exact));
        _options = options;
        _keys = new(this, (_, block) => WanTransformer.Keys(config, exact, block));
        _blocks = new(this, (written, block) => WanTransformer.Block(config, written, block));
        _selfKeys = new(this, (written, block) => WanTransformer.SelfKeys(config, written, block));
        _blockRows = new(this, (written, block) => WanTransformer.BlockRows(config, written, block));
        _head = new(() => WanTransformer.Head(config, exact));
        _step = new(() => WanTransformer.Step(config, options with { Weights = WeightStorage.Initializers }));
        _whole = new(() => WanTransformer.Whole(config, options));
    }

    /// <summary>Embeds a text, and an image's features; once for a clip.</summary>
    public OnnxGraph Context => _context.Value;

    /// <summary>A block's keys and values of a context; once for a clip and block.</summary>
    public OnnxGraph KeysOf(int block) => _keys.Of(block);

    /// <summary>Before the blocks.</summary>
    public OnnxGraph Embed => _embed.Value;

    /// <summary>
    /// The first block without its keys: all blocks are alike, unless their layers have several formats or some follow a control.
    /// </summary>
    public OnnxGraph Block => BlockOf(0);

    /// <summary>A block without its keys; blocks whose layers have the same formats share a graph, unless some follow a control.</summary>
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
                block => KeysOf(block).Weights.Concat(BlockOf(block).Weights),
                (block, slot) => slot with { Name = BlockPrefix(block) + slot.Name }
            );

    /// <summary>The weights outside the blocks.</summary>
    public IEnumerable<WeightSlot> OtherWeights => [.. Context.Weights, .. Embed.Weights, .. Head.Weights];

    /// <summary>What stands before the names of a block's weights in the checkpoint.</summary>
    public static string BlockPrefix(int block) => $"{BlockScope(block)}.";

    internal static string BlockScope(int block) => $"blocks.{block}";

    /// <summary>
    /// A graph of blocks, written once for each set of formats that the layers of a block have, and for what it has of a control.
    /// </summary>
    private sealed class BlockKinds(TransformerGraphs graphs, Func<GraphOptions, int, OnnxGraph> write)
    {
        private readonly ConcurrentDictionary<(LayerFormats Formats, int Control), Lazy<OnnxGraph>> _written = new();

        public OnnxGraph Of(int block)
        {
            var formats = graphs._options.Layers?.Within(BlockPrefix(block));
            var first = graphs._config switch // of the blocks that have as much of a control
            {
                { ControlBlocks: 0 } => 0,
                var config when !config.IsControlled(block) => 1,
                var config => block == 0 ? 0 : config.Layers / config.ControlBlocks,
            };
            return _written
                .GetOrAdd(
                    (formats ?? LayerFormats.None, first),
                    _ => new Lazy<OnnxGraph>(() => write(graphs._options with { Layers = formats }, first))
                )
                .Value;
        }
    }
}
