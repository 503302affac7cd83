using System.Globalization;
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
/// <param name="Group">Of how many inputs each group is that was rotated before (<see cref="LayerFormat.Group"/>); 0 for none.</param>
public sealed record QuantizedWeight(WeightSlot Source, WeightSlot Codes, WeightSlot Scales, int Group)
{
    // Not ".weight_scale": that is how checkpoints name the scales of their own quantized weights.
    private const string CodesMark = ".int8";
    private const string GroupMark = "_rot";
    private const string ScalesMark = "_scale";

    /// <summary>The quantized weights among the slots of a graph.</summary>
    public static IEnumerable<QuantizedWeight> Among(IEnumerable<WeightSlot> slots)
    {
        ArgumentNullException.ThrowIfNull(slots);
        foreach (var codes in slots.Where(slot => slot.DType == DType.I8))
        {
            if (Parse(codes.Name) is var (name, group))
            {
                var (inFeatures, outFeatures) = (codes.Shape[0], codes.Shape[1]);
                yield return new QuantizedWeight(
                    new WeightSlot(name, DType.F32, [outFeatures, inFeatures]),
                    codes,
                    new WeightSlot(codes.Name + ScalesMark, DType.F32, [outFeatures]),
                    group
                );
            }
        }
    }

    /// <summary>The names of the codes and scales that a weight has in a format.</summary>
    internal static (string Codes, string Scales) NamesOf(string weight, LayerFormat format)
    {
        var codes = weight + CodesMark + (format.Group == 0 ? "" : GroupMark + format.Group.ToString(CultureInfo.InvariantCulture));
        return (codes, codes + ScalesMark);
    }

    private static (string Name, int Group)? Parse(string codes)
    {
        var mark = codes.LastIndexOf(CodesMark, StringComparison.Ordinal);
        if (mark < 0)
        {
            return null;
        }

        var rest = codes[(mark + CodesMark.Length)..];
        return rest.Length == 0 ? (codes[..mark], 0)
            : rest.StartsWith(GroupMark, StringComparison.Ordinal)
            && int.TryParse(rest.AsSpan(GroupMark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var group)
                ? (codes[..mark], group)
            : null;
    }
}
