using WanSharp.Engine.Models;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Export;

/// <summary>A graph to write, and where its weights are.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Graph">The graph.</param>
/// <param name="Source">The checkpoint, for errors.</param>
/// <param name="Stored">Gives a weight as the checkpoint has it.</param>
internal sealed record ExportedGraph(string File, OnnxGraph Graph, string Source, Func<string, Tensor> Stored)
{
    public const string Transformer = "transformer.onnx";
    public const string TextEncoder = "text_encoder.onnx";
    public const string VaeEncodeFirst = "vae_encode_first.onnx";
    public const string VaeEncodeNext = "vae_encode_next.onnx";
    public const string VaeDecodeFirst = "vae_decode_first.onnx";
    public const string VaeDecodeNext = "vae_decode_next.onnx";

    /// <summary>Bytes of the weights as the graph wants them.</summary>
    public long WeightBytes => Graph.Weights.Sum(slot => slot.Shape.ElementCount * slot.DType.ByteSize());

    /// <summary>The graphs of the chosen networks.</summary>
    public static IReadOnlyList<ExportedGraph> Of(WanModel model, ModelNetworks networks, Lowering lowering)
    {
        var options = new GraphOptions { Lowering = lowering, Weights = WeightStorage.Initializers };
        var graphs = new List<ExportedGraph>();
        if (networks.HasFlag(ModelNetworks.Transformer))
        {
            graphs.Add(new(Transformer, WanTransformer.Whole(model.Transformer, options), model.TransformerWeights.Path, model.TransformerWeights.GetStored));
        }

        if (networks.HasFlag(ModelNetworks.TextEncoder))
        {
            graphs.Add(new(TextEncoder, Umt5Encoder.Whole(model.TextEncoder, options), model.TextEncoderWeights.Path, model.TextEncoderWeights.GetStored));
        }

        if (networks.HasFlag(ModelNetworks.Vae))
        {
            var vae = model.VaeWeights;
            graphs.Add(new(VaeEncodeFirst, WanVae.EncodeFirst(model.Vae, options), vae.Path, vae.GetStored));
            graphs.Add(new(VaeEncodeNext, WanVae.EncodeNext(model.Vae, options), vae.Path, vae.GetStored));
            graphs.Add(new(VaeDecodeFirst, WanVae.DecodeFirst(model.Vae, options), vae.Path, vae.GetStored));
            graphs.Add(new(VaeDecodeNext, WanVae.DecodeNext(model.Vae, options), vae.Path, vae.GetStored));
        }

        return graphs;
    }

    /// <summary>Writes the graph and its weights, widened one at a time: a checkpoint may be larger than the memory.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="written">Hears the bytes of each weight before it is written.</param>
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
            var (tensor, slot) = (Stored(name), slots[name]);
            if (tensor.Shape != slot.Shape)
            {
                throw new CheckpointException(Source, name, $"its shape is {tensor.Shape}, but the network needs {slot.Shape}; is the configuration another model's?");
            }

            var weight = tensor.DType == slot.DType ? tensor : widened = tensor.ConvertTo(slot.DType);
            written(weight.ByteLength);
            return weight;
        }
    }
}
