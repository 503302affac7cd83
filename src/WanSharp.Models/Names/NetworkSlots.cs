using WanSharp.Graphs;
using WanSharp.Graphs.Networks;

namespace WanSharp.Models.Names;

/// <summary>All weights that a network uses, under their official names.</summary>
internal static class NetworkSlots
{
    private static readonly GraphOptions Plain = new();

    public static IEnumerable<WeightSlot> Of(TransformerConfig config) =>
        new TransformerGraphs(config, Plain).Weights.DistinctBy(slot => slot.Name);

    public static IEnumerable<WeightSlot> Of(Umt5Config config) =>
        new TextEncoderGraphs(config, Plain).Weights.DistinctBy(slot => slot.Name);

    public static IEnumerable<WeightSlot> Of(VaeConfig config) => new VaeGraphs(config, Plain).Weights.DistinctBy(slot => slot.Name);

    public static IEnumerable<WeightSlot> Of(InterpolatorConfig config) =>
        new InterpolatorGraphs(config, Plain).Weights.DistinctBy(slot => slot.Name);

    public static IEnumerable<WeightSlot> Of(UpscalerConfig config) =>
        new UpscalerGraphs(config, Plain).Weights.DistinctBy(slot => slot.Name);

    public static IEnumerable<WeightSlot> Of(VisionEncoderConfig config) =>
        new VisionEncoderGraphs(config, Plain).Weights.DistinctBy(slot => slot.Name);
}
