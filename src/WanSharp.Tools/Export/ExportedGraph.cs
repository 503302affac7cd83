using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Export;

/// <summary>A graph to write, and where its weights are.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Graph">The graph.</param>
/// <param name="Weights">Where its weights are, in whatever types and layout.</param>
internal sealed record ExportedGraph(string File, OnnxGraph Graph, WeightStore Weights)
{
    public const string Transformer = "transformer.onnx";
    public const string HighNoise = "transformer_high_noise.onnx";
    public const string ImageEncoder = "image_encoder.onnx";
    public const string TextEncoder = "text_encoder.onnx";
    public const string VaeEncodeFirst = "vae_encode_first.onnx";
    public const string VaeEncodeNext = "vae_encode_next.onnx";
    public const string VaeDecodeFirst = "vae_decode_first.onnx";
    public const string VaeDecodeNext = "vae_decode_next.onnx";

    /// <summary>Bytes of the weights as the graph wants them.</summary>
    public long WeightBytes => Graph.Weights.Sum(slot => slot.Shape.ElementCount * slot.DType.ByteSize());

    /// <summary>The graphs of the chosen networks.</summary>
    /// <param name="model">The model.</param>
    /// <param name="networks">Which.</param>
    /// <param name="lowering">The operators.</param>
    /// <param name="compute"><see cref="ExportOptions.Compute"/>.</param>
    public static IReadOnlyList<ExportedGraph> Of(WanModel model, ModelNetworks networks, Lowering lowering, DType compute)
    {
        var options = new GraphOptions
        {
            Lowering = lowering,
            Weights = WeightStorage.Initializers,
            Compute = compute,
        };
        var graphs = new List<ExportedGraph>();
        if (networks.HasFlag(ModelNetworks.Transformer))
        {
            var transformer = new TransformerGraphs(model.Transformer, options).Whole;
            graphs.AddRange(Transformers(model).Select(expert => new ExportedGraph(expert.File, transformer, expert.Weights)));
        }

        if (networks.HasFlag(ModelNetworks.TextEncoder))
        {
            var text = new TextEncoderGraphs(model.TextEncoder, options with { Compute = Umt5Encoder.ComputeFor(compute) });
            graphs.Add(new(TextEncoder, text.Whole, model.TextEncoderWeights));
        }

        if (networks.HasFlag(ModelNetworks.ImageEncoder) && model is { VisionEncoder: { } vision, VisionEncoderWeights: { } visionWeights })
        {
            graphs.Add(new(ImageEncoder, new VisionEncoderGraphs(vision, options).Whole, visionWeights));
        }

        if (networks.HasFlag(ModelNetworks.Vae))
        {
            var (vae, weights) = (new VaeGraphs(model.Vae, options), model.VaeWeights);
            graphs.Add(new(VaeEncodeFirst, vae.EncodeFirst, weights));
            graphs.Add(new(VaeEncodeNext, vae.EncodeNext, weights));
            graphs.Add(new(VaeDecodeFirst, vae.DecodeFirst, weights));
            graphs.Add(new(VaeDecodeNext, vae.DecodeNext, weights));
        }

        return graphs;
    }

    /// <summary>The files of a model's transformers: one, or the low-noise and the high-noise expert.</summary>
    public static IEnumerable<(string File, WeightStore Weights)> Transformers(WanModel model)
    {
        yield return (Transformer, model.TransformerWeights);
        if (model.HighNoiseWeights is { } highNoise)
        {
            yield return (HighNoise, highNoise);
        }
    }

    /// <summary>Writes the graph and its weights, widened one at a time: a checkpoint may be larger than the memory.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="written">Receives the bytes of each weight before it is written.</param>
    /// <param name="cancellationToken">Stops between parts of tensors.</param>
    /// <exception cref="CheckpointException">A weight is missing or of another shape.</exception>
    public void Save(string folder, Action<long> written, CancellationToken cancellationToken)
    {
        var slots = Graph.Weights.ToDictionary(slot => slot.Name, StringComparer.Ordinal);
        Tensor? widened = null;
        try
        {
            Graph.Save(Path.Combine(folder, File), Next, cancellationToken);
        }
        finally
        {
            widened?.Dispose();
        }

        Tensor Next(string name)
        {
            widened?.Dispose();
            widened = null;
            var slot = slots[name];
            var weight = Weights.IsView(slot) ? Weights.Get(slot) : widened = Tensor.Zeros(slot.DType, slot.Shape);
            if (widened is not null)
            {
                Weights.CopyTo(slot, "", widened); // scaled, joined of its parts, as the network needs it
            }

            written(weight.ByteLength);
            return weight;
        }
    }
}
