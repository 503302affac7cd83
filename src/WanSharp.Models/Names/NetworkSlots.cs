using System.Collections.Concurrent;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;

namespace WanSharp.Models.Names;

/// <summary>All weights that a network uses, under their official names.</summary>
/// <remarks>They are those of its graphs. Those of large networks are built once for a shape: a folder has many files of few.</remarks>
internal static class NetworkSlots
{
    private const int MostKnown = 64;

    private static readonly GraphOptions Plain = new();
    private static readonly ConcurrentDictionary<object, IReadOnlyList<WeightSlot>> Known = new();

    public static IEnumerable<WeightSlot> Of(TransformerConfig config) =>
        Known.TryGetValue(config, out var slots) ? slots : Keep(config, new TransformerGraphs(config, Plain).Weights);

    public static IEnumerable<WeightSlot> Of(Umt5Config config) =>
        Known.TryGetValue(config, out var slots) ? slots : Keep(config, new TextEncoderGraphs(config, Plain).Weights);

    public static IEnumerable<WeightSlot> Of(VaeConfig config)
    {
        // Lists are equal where they are the same: their numbers are compared as text, and statistics are no weights' matter.
        var (multipliers, halvings) = (string.Join(' ', config.DimMultipliers), string.Join(' ', config.TemporalDownsample));
        var rest = config with { DimMultipliers = [], TemporalDownsample = [], Mean = [], Std = [] };
        var key = (rest, multipliers, halvings);
        return Known.TryGetValue(key, out var slots) ? slots : Keep(key, new VaeGraphs(config, Plain).Weights);
    }

    public static IEnumerable<WeightSlot> Of(InterpolatorConfig config) =>
        new InterpolatorGraphs(config, Plain).Weights.DistinctBy(slot => slot.Name);

    public static IEnumerable<WeightSlot> Of(UpscalerConfig config) =>
        new UpscalerGraphs(config, Plain).Weights.DistinctBy(slot => slot.Name);

    public static IEnumerable<WeightSlot> Of(VisionEncoderConfig config) =>
        new VisionEncoderGraphs(config, Plain).Weights.DistinctBy(slot => slot.Name);

    private static IReadOnlyList<WeightSlot> Keep(object key, IEnumerable<WeightSlot> slots)
    {
        if (Known.Count >= MostKnown)
        {
            Known.Clear(); // shapes by chance: no program has so many
        }

        return Known[key] = [.. slots.DistinctBy(slot => slot.Name)];
    }
}
