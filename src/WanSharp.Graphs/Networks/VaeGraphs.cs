namespace WanSharp.Graphs.Networks;

/// <summary>
/// The graphs of what encodes and decodes frames, a VAE of Wan's or a tiny autoencoder, with their weights: the one description that
/// running, planning, measuring, exporting and reading names share.
/// </summary>
/// <remarks>Thread-safe. A graph is written when it is first asked for. A first step uses no weight that the later ones do not.</remarks>
public sealed class VaeGraphs
{
    private readonly bool _hasEncoder;
    private readonly Lazy<OnnxGraph> _encodeFirst;
    private readonly Lazy<OnnxGraph> _encodeNext;
    private readonly Lazy<OnnxGraph> _decodeFirst;
    private readonly Lazy<OnnxGraph> _decodeNext;

    /// <param name="config">The network's dimensions.</param>
    /// <param name="options">How graphs are written.</param>
    public VaeGraphs(VaeConfig config, GraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        _hasEncoder = config.HasEncoder;
        _encodeFirst = new(() => WanVae.EncodeFirst(config, options));
        _encodeNext = new(() => WanVae.EncodeNext(config, options));
        _decodeFirst = new(() => WanVae.DecodeFirst(config, options));
        _decodeNext = new(() => WanVae.DecodeNext(config, options));
    }

    /// <summary>The encoder's first step.</summary>
    public OnnxGraph EncodeFirst => _encodeFirst.Value;

    /// <summary>The encoder's later steps.</summary>
    public OnnxGraph EncodeNext => _encodeNext.Value;

    /// <summary>The decoder's first step.</summary>
    public OnnxGraph DecodeFirst => _decodeFirst.Value;

    /// <summary>The decoder's later steps.</summary>
    public OnnxGraph DecodeNext => _decodeNext.Value;

    /// <summary>All weights; a network without an encoder has the decoder's alone.</summary>
    public IEnumerable<WeightSlot> Weights => [.. _hasEncoder ? EncoderWeights : [], .. DecoderWeights];

    /// <summary>The encoder's weights.</summary>
    public IEnumerable<WeightSlot> EncoderWeights => EncodeNext.Weights;

    /// <summary>The decoder's weights.</summary>
    public IEnumerable<WeightSlot> DecoderWeights => DecodeNext.Weights;
}
