using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <summary>
/// What a graph with <see cref="Quantization.EightBit"/> wants in place of a matrix <c>[out, in]</c> of the checkpoint: codes
/// [in, out] in I8, as the runtime's integer product takes them, and a scale for each output channel, F32 [out]. A weight
/// is its code times its channel's scale.
/// </summary>
/// <param name="Source">The matrix in the checkpoint.</param>
/// <param name="Codes">The slot of the codes.</param>
/// <param name="Scales">The slot of the scales.</param>
public sealed record QuantizedWeight(WeightSlot Source, WeightSlot Codes, WeightSlot Scales)
{
    // Not ".weight_scale": that is how checkpoints name the scales of their own quantized weights.
    internal const string CodesSuffix = ".int8";
    internal const string ScalesSuffix = ".int8_scale";

    /// <summary>The quantized weights among the slots of a graph.</summary>
    public static IEnumerable<QuantizedWeight> Among(IEnumerable<WeightSlot> slots)
    {
        ArgumentNullException.ThrowIfNull(slots);
        foreach (var codes in slots.Where(slot => slot.DType == DType.I8 && slot.Name.EndsWith(CodesSuffix, StringComparison.Ordinal)))
        {
            var name = codes.Name[..^CodesSuffix.Length];
            var (inFeatures, outFeatures) = (codes.Shape[0], codes.Shape[1]);
            yield return new QuantizedWeight(
                new WeightSlot(name, DType.F32, [outFeatures, inFeatures]),
                codes,
                new WeightSlot(name + ScalesSuffix, DType.F32, [outFeatures])
            );
        }
    }
}
