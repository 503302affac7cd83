namespace WanSharp.Graphs.Networks;

/// <summary>
/// The graphs of CLIP's image encoder, and the names of their weights in the checkpoint: the one description that running, planning,
/// measuring, exporting and reading names share.
/// </summary>
/// <remarks>
/// Thread-safe. A graph is written when it is first asked for. The checkpoint's last block, the norm after it and the projection are
/// not used.
/// </remarks>
public sealed class VisionEncoderGraphs
{
    private readonly VisionEncoderConfig _config;
    private readonly Lazy<OnnxGraph> _embed;
    private readonly Lazy<OnnxGraph> _block;
    private readonly Lazy<OnnxGraph> _whole;

    /// <param name="config">The network's dimensions.</param>
    /// <param name="options">How graphs are written.</param>
    public VisionEncoderGraphs(VisionEncoderConfig config, GraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        _config = config;
        _embed = new(() => VisionEncoder.Embed(config, options));
        _block = new(() => VisionEncoder.Block(config, options));
        _whole = new(() => VisionEncoder.Whole(config, options));
    }

    /// <summary>Before the blocks.</summary>
    public OnnxGraph Embed => _embed.Value;

    /// <summary>One block.</summary>
    public OnnxGraph Block => _block.Value;

    /// <summary>The whole network in one graph.</summary>
    public OnnxGraph Whole => _whole.Value;

    /// <summary>All weights, under their full names.</summary>
    public IEnumerable<WeightSlot> Weights => [.. Embed.Weights, .. Block.Weights.InBlocks(_config.LayersUsed, BlockPrefix)];

    /// <summary>What stands before the names of a block's weights in the checkpoint.</summary>
    public static string BlockPrefix(int block) => $"{BlockScope(block)}.";

    internal static string BlockScope(int block) => $"visual.transformer.{block}";
}
