using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime;
using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Engine.Costs;

/// <summary>
/// A model's networks as the graphs that run on the CPU, to count what they cost. Each is written when it is first asked for.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class NetworkGraphs
{
    private readonly TransformerConfig _transformer;
    private readonly Umt5Config _textEncoder;
    private readonly VisionEncoderConfig? _visionEncoder;
    private readonly TransformerGraphs _denoising;
    private readonly TransformerGraphs _guided;
    private readonly TextEncoderGraphs _text;
    private readonly VisionEncoderGraphs? _images;

    public NetworkGraphs(
        TransformerConfig transformer,
        Umt5Config textEncoder,
        VaeConfig vae,
        VisionEncoderConfig? visionEncoder = null,
        Precision? precision = null,
        LayerFormats? layers = null
    )
    {
        precision ??= Precision.Full;
        var options = ProviderProfiles.Cpu.Graphs with { Compute = precision.Compute };
        (_transformer, _textEncoder, _visionEncoder) = (transformer, textEncoder, visionEncoder);
        Vae = new VaeWork(vae, precision.Compute);
        _images = visionEncoder is null ? null : new VisionEncoderGraphs(visionEncoder, options);
        _text = new TextEncoderGraphs(textEncoder, options with { Compute = Umt5Encoder.ComputeFor(precision.Compute) });
        options = options with { Quantization = precision.Quantization, Layers = layers };
        _denoising = new TransformerGraphs(transformer, options);
        _guided = new TransformerGraphs(transformer, options with { GuidesAttention = true });
    }

    /// <summary>The transformer's weights, under their full names.</summary>
    public IEnumerable<WeightSlot> TransformerWeights => _denoising.Weights;

    /// <summary>The text encoder's weights, except the table that is looked up.</summary>
    public IEnumerable<WeightSlot> TextEncoderWeights => _text.BlockWeights;

    /// <summary>The weights of CLIP's image encoder.</summary>
    public IEnumerable<WeightSlot> VisionEncoderWeights => Images.Weights;

    /// <summary>The model's own VAE.</summary>
    public VaeWork Vae { get; }

    /// <summary>Bytes of one block's weights in the graph, of the largest.</summary>
    public long TransformerBlockBytes => Kinds(_denoising.BlockOf).Max(kind => BytesOf(kind.Graph));

    /// <inheritdoc cref="TransformerBlockBytes"/>
    public long TextEncoderBlockBytes => BytesOf(_text.Block);

    /// <inheritdoc cref="TransformerBlockBytes"/>
    public long VisionEncoderBlockBytes => BytesOf(Images.Block);

    /// <summary>Bytes of the transformer's weights outside the blocks.</summary>
    public long TransformerOtherBytes => _denoising.OtherWeights.Sum(BytesOf);

    /// <summary>
    /// Bytes that a forward pass holds in addition to weights, if no more than some tokens run through a block at a time.
    /// </summary>
    /// <param name="latents">The clip's latents, <c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="batch">Rows of the pass.</param>
    /// <param name="groups">Timesteps of a row.</param>
    /// <param name="tokensAtOnce">The most tokens; fewer than the clip's.</param>
    /// <param name="textTokens">Tokens of the longest prompt.</param>
    public long PieceBytes(Shape latents, int batch, int groups, int tokensAtOnce, int textTokens)
    {
        var all = Lengths(latents, batch, groups, textTokens);
        var piece = new Dictionary<string, long>(all)
        {
            ["batch"] = 1,
            ["tokens"] = tokensAtOnce,
            ["all_tokens"] = all["tokens"],
        };
        if (groups > 1)
        {
            piece["groups"] = 1; // a piece ends where a frame does
        }

        var (embed, head) = (_denoising.Embed, _denoising.Head);
        // What a block takes and gives; the keys and values of a row.
        var between = ((2L * batch) + 2) * Streams * all["tokens"] * _transformer.Dim * sizeof(float);
        var ends = Math.Max(embed.CountWork(all).PeakBytes, head.CountWork(all).PeakBytes); // on all tokens
        var pieces =
            Kinds(_denoising.SelfKeysOf).Concat(Kinds(_denoising.BlockRowsOf)).Max(kind => kind.Graph.CountWork(piece).PeakBytes)
            + PaddedTextBytes(1);
        return between + (long)Math.Max(ends, pieces);
    }

    /// <summary>Bytes of the text's keys and values, padded, which the library makes before anything else of a block.</summary>
    public long PaddedTextBytes(int batch) => 2L * batch * _transformer.TextLength * _transformer.Dim * sizeof(float);

    /// <summary>A forward pass of the transformer.</summary>
    /// <param name="latents">The clip's latents, <c>[1, channels, frames, height, width]</c>.</param>
    /// <param name="batch">Branches that share the pass.</param>
    /// <param name="groups">Timesteps of a sample.</param>
    /// <param name="textTokens">Tokens of the longest prompt.</param>
    /// <param name="guidesAttention">Whether blocks attend to a negative prompt, too.</param>
    public GraphWork Forward(Shape latents, int batch, int groups, int textTokens, bool guidesAttention = false)
    {
        var lengths = Lengths(latents, batch, groups, textTokens);
        lengths["negative_rows"] = lengths["text_rows"];
        var (embed, head) = (_denoising.Embed, _denoising.Head);
        var blocks = Kinds((guidesAttention ? _guided : _denoising).BlockOf)
            .Select(kind => kind.Count * kind.Graph.CountWork(lengths))
            .Aggregate((one, other) => one + other);
        var between = 2.0 * Streams * batch * lengths["tokens"] * _transformer.Dim * sizeof(float); // what a block takes and what it gives
        var work = embed.CountWork(lengths) + blocks + head.CountWork(lengths);
        return work with { PeakBytes = work.PeakBytes + between };
    }

    /// <summary>What a transformer makes of a prompt once for a clip: the keys and values that its blocks attend to.</summary>
    public GraphWork PrepareContext(int textTokens)
    {
        var lengths = ContextLengths(batch: 1, textTokens);
        return Kinds(_denoising.KeysOf)
            .Aggregate(_denoising.Context.CountWork(lengths), (sum, kind) => sum + (kind.Count * kind.Graph.CountWork(lengths)));
    }

    /// <summary>Images through CLIP's encoder.</summary>
    public GraphWork EncodeImages(int count)
    {
        var lengths = new Dictionary<string, long> { ["batch"] = count };
        return Images.Embed.CountWork(lengths) + (_visionEncoder!.LayersUsed * Images.Block.CountWork(lengths));
    }

    /// <summary>A prompt through the text encoder.</summary>
    public GraphWork EncodeText(int tokens) =>
        _textEncoder.Layers * _text.Block.CountWork(new Dictionary<string, long> { ["batch"] = 1, ["length"] = tokens });

    /// <summary>The tokens that pass the blocks: the clip's, and the control's where the network follows one.</summary>
    private int Streams => _transformer.ControlBlocks > 0 ? 2 : 1;

    private VisionEncoderGraphs Images => _images ?? throw new InvalidOperationException("The model has no image encoder.");

    private Dictionary<string, long> Lengths(Shape latents, int batch, int groups, int textTokens)
    {
        var patch = _transformer.PatchSize;
        var (frames, height, width) = (latents[2] / patch.Frames, latents[3] / patch.Height, latents[4] / patch.Width);
        return new Dictionary<string, long>(ContextLengths(batch, textTokens))
        {
            ["groups"] = groups,
            ["tokens"] = frames * height * width,
            ["frames"] = latents[2],
            ["height"] = latents[3],
            ["width"] = latents[4],
            ["grid_frames"] = frames,
            ["grid_height"] = height,
            ["grid_width"] = width,
        };
    }

    private Dictionary<string, long> ContextLengths(int batch, int textTokens) =>
        new()
        {
            ["batch"] = batch,
            ["text_rows"] = Math.Min(textTokens + 1, _transformer.TextLength), // one row of padding stands for all
            ["clip_tokens"] = _visionEncoder is { } vision ? _transformer.VisionRowsFor(vision.Tokens) : 0,
        };

    /// <summary>The blocks' graphs, and how many blocks have each.</summary>
    private IEnumerable<(OnnxGraph Graph, int Count)> Kinds(Func<int, OnnxGraph> graphOf) =>
        Enumerable.Range(0, _transformer.Layers).GroupBy(graphOf).Select(kind => (kind.Key, kind.Count()));

    private static long BytesOf(OnnxGraph graph) => graph.Weights.Sum(BytesOf);

    private static long BytesOf(WeightSlot slot) => slot.DType.ByteLength(slot.Shape.ElementCount);
}
