using System.Numerics.Tensors;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// What the elements of a quantized weight are multiplied by: one factor, or one for each output channel. ComfyUI's scaled
/// fp8 keeps it as <c>scale_weight</c>, its later files and LightX2V's as <c>weight_scale</c>, beside the weight.
/// </summary>
/// <remarks>
/// Only the tensors decide; the marker <c>scaled_fp8</c> and the note <c>_quantization_metadata</c> say nothing that they
/// do not. Scales of activations (<c>scale_input</c>, <c>input_scale</c>) are for products of fp8 with fp8, and are not used.
/// Sources: Comfy-Org/ComfyUI:QUANTIZATION.md and comfy/ops.py; ModelTC/LightX2V:lightx2v/common/ops/mm.
/// </remarks>
internal sealed class WeightScale
{
    private const string WeightSuffix = ".weight";
    private const int PartLength = 1 << 16;

    private static readonly string[] ScaleSuffixes = [".scale_weight", ".weight_scale"];

    private readonly float[] _factors;

    private WeightScale(float[] factors) => _factors = factors;

    /// <summary>The scale of a weight, or null when it has none.</summary>
    /// <exception cref="CheckpointException">The scale is of a kind that is not supported (one for each block), or no number.</exception>
    public static WeightScale? Find(ICheckpoint checkpoint, string name)
    {
        if (!name.EndsWith(WeightSuffix, StringComparison.Ordinal))
        {
            return null;
        }

        var names = ScaleSuffixes.Select(suffix => name[..^WeightSuffix.Length] + suffix);
        var found = names.FirstOrDefault(scale => checkpoint.Tensors.ContainsKey(scale) || checkpoint.Unsupported.ContainsKey(scale));
        if (found is null)
        {
            return null;
        }

        var (stored, weight) = (checkpoint.Get(found), checkpoint.Get(name));
        var count = stored.Shape.ElementCount;
        if (count != 1 && (weight.Shape.Rank == 0 || count != weight.Shape[0] || stored.Shape[0] != count))
        {
            throw new CheckpointException(checkpoint.Path, found, $"its shape is {stored.Shape}; a scale is one number, or one for each of the rows of its weight {weight.Shape}. Scales for blocks (mxfp8, nvfp4) are not supported.");
        }

        var factors = new float[count];
        stored.ConvertTo(factors);
        return factors.All(float.IsFinite)
            ? new WeightScale(factors)
            : throw new CheckpointException(checkpoint.Path, found, "it is not finite; the file is damaged.");
    }

    /// <summary>Writes the weight's values as <paramref name="destination"/>'s type, rounded once.</summary>
    public void Widen(Tensor weight, Tensor destination)
    {
        Shape rows = [_factors.Length, weight.Shape.ElementCount / _factors.Length];
        var (from, to) = (weight.Reshape(rows), destination.Reshape(rows));
        for (long row = 0; row < rows[0]; row++)
        {
            // In parts: a row is the whole weight when the scale is one number.
            for (long start = 0; start < rows[1]; start += PartLength)
            {
                var count = Math.Min(PartLength, rows[1] - start);
                WidenPart(from.Slice(row, 1).Reshape([rows[1]]).Slice(start, count), _factors[row], to.Slice(row, 1).Reshape([rows[1]]).Slice(start, count));
            }
        }
    }

    /// <summary>Scales floats of one row of the weight in place.</summary>
    public void Apply(long row, Span<float> values) =>
        TensorPrimitives.Multiply(values, _factors[_factors.Length == 1 ? 0 : row], values);

    private static void WidenPart(Tensor from, float factor, Tensor to)
    {
        if (to.DType == DType.F32)
        {
            from.ConvertTo(to);
            TensorPrimitives.Multiply(to.Read<float>(), factor, to.Write<float>());
            return;
        }

        using var part = from.ConvertTo(DType.F32);
        TensorPrimitives.Multiply(part.Read<float>(), factor, part.Write<float>());
        part.ConvertTo(to);
    }
}
