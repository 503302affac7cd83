using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Names;

/// <summary>All weights that a network uses, under their official names.</summary>
internal static class NetworkSlots
{
    private static readonly GraphOptions Plain = new();

    public static IEnumerable<WeightSlot> Of(TransformerConfig config) =>
        new TransformerGraphs(config, Plain).Weights.DistinctBy(slot => slot.Name);

    public static IEnumerable<WeightSlot> Of(Umt5Config config) =>
        [
            new WeightSlot("token_embedding.weight", DType.F32, [config.Vocabulary, config.Dim]),
            .. Umt5Encoder.Norm(config, Plain).Weights,
            .. Repeated("blocks.", config.Layers, Umt5Encoder.Block(config, Plain)),
        ];

    /// <summary>A first step uses no weight that the later ones do not.</summary>
    public static IEnumerable<WeightSlot> Of(VaeConfig config) =>
        (config.HasEncoder ? new[] { WanVae.EncodeNext(config, Plain) } : [])
            .Append(WanVae.DecodeNext(config, Plain))
            .SelectMany(graph => graph.Weights)
            .DistinctBy(slot => slot.Name);

    /// <summary>Of CLIP the last block, the norm after it and the projection are not used.</summary>
    public static IEnumerable<WeightSlot> Of(VisionEncoderConfig config) =>
        [
            .. VisionEncoder.Embed(config, Plain).Weights,
            .. Repeated("visual.transformer.", config.LayersUsed, VisionEncoder.Block(config, Plain)),
        ];

    private static IEnumerable<WeightSlot> Repeated(string list, int count, params OnnxGraph[] graphs) =>
        Enumerable
            .Range(0, count)
            .SelectMany(i =>
                graphs
                    .SelectMany(graph => graph.Weights)
                    .DistinctBy(slot => slot.Name)
                    .Select(slot => slot with { Name = $"{list}{i}.{slot.Name}" })
            );
}
