using System.Numerics.Tensors;
using WanSharp.Runtime.Adapters;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Models.Loras;

/// <summary>Refuses the factors of a layer whose numbers are no LoRA's: what a download left out, and codes without their scale.</summary>
internal static class LoraNumbers
{
    private const int Sample = 512;

    // Factors are around a hundredth, after a decomposition up to some ones; half of the codes of a scaled factor are above 10. Both have
    // to be that large, and their product with the scale, so that a tiny alpha excuses them.
    private const float Largest = 4;

    /// <summary>Checks the two factors of a layer.</summary>
    /// <param name="path">The file.</param>
    /// <param name="down">The first, which is never zero; the second may be, where a layer was not trained.</param>
    /// <param name="up">The second.</param>
    /// <param name="scale">What their product is multiplied by.</param>
    /// <exception cref="CheckpointException">They are no LoRA's.</exception>
    public static void Require(string path, (string Name, Tensor Tensor) down, (string Name, Tensor Tensor) up, double scale)
    {
        if (IsZero(down.Tensor))
        {
            throw new CheckpointException(
                path,
                down.Name,
                "all of it is zero, which a training does not leave: the download is not complete, or the file is damaged; download it "
                    + "again, or save it without this layer if a tool switched it off."
            );
        }

        var (first, second) = (MedianSize(path, down), MedianSize(path, up));
        if (first > Largest && second > Largest && first * second * Math.Abs(scale) > Largest)
        {
            throw new CheckpointException(
                path,
                down.Name,
                FormattableString.Invariant(
                    $"half of its numbers are above {first:G2}, which those of LoRAs are not: they may be the codes "
                ) + "of a quantized LoRA, whose scales another program left out; get the file that it was made from."
            );
        }
    }

    /// <summary>Why changes of weights are none: a scale, or a second factor, of zero in each; null otherwise.</summary>
    public static string? NoEffect(IEnumerable<WeightChange> changes)
    {
        var scales = 0;
        foreach (var change in changes)
        {
            if (change is not LowRankChange thin || (thin.Scale != 0 && !IsZero(thin.Up)))
            {
                return null;
            }

            scales += thin.Scale == 0 ? 1 : 0;
        }

        return scales > 0 ? "its alpha is 0" : "the second factors of all its layers are zero, as before a training";
    }

    private static bool IsZero(Tensor tensor) =>
        !tensor.ReadBytes(0, (int)Math.Min(tensor.ByteLength, int.MaxValue)).ContainsAnyExcept((byte)0);

    /// <summary>Refuses values that are no numbers.</summary>
    public static void RequireFinite(string path, string name, ReadOnlySpan<float> values)
    {
        if (!TensorPrimitives.IsFiniteAll(values))
        {
            throw new CheckpointException(
                path,
                name,
                "it holds NaN or infinity: the LoRA's training went wrong, or the file is damaged; get another."
            );
        }
    }

    private static float MedianSize(string path, (string Name, Tensor Tensor) factor)
    {
        var tensor = factor.Tensor;
        var block = tensor.DType.BlockLength();
        var values = new float[Math.Min(Sample, tensor.Shape.ElementCount) / block * block];
        tensor.Reshape([tensor.Shape.ElementCount]).Slice(0, values.Length).ConvertTo(values);
        RequireFinite(path, factor.Name, values);
        var sizes = values.Select(Math.Abs).Order().ToArray();
        return sizes.Length == 0 ? 0 : sizes[sizes.Length / 2];
    }
}
