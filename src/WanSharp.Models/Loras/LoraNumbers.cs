using WanSharp.Tensors;

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
        if (!down.Tensor.ReadBytes(0, (int)Math.Min(down.Tensor.ByteLength, int.MaxValue)).ContainsAnyExcept((byte)0))
        {
            throw new CheckpointException(
                path,
                down.Name,
                "all of it is zero, which a training does not leave: the download is not complete, or the file is damaged; download it "
                    + "again, or save it without this layer if a tool switched it off."
            );
        }

        var (first, second) = (MedianSize(down.Tensor), MedianSize(up.Tensor));
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

    private static float MedianSize(Tensor tensor)
    {
        var block = tensor.DType.BlockLength();
        var values = new float[Math.Min(Sample, tensor.Shape.ElementCount) / block * block];
        tensor.Reshape([tensor.Shape.ElementCount]).Slice(0, values.Length).ConvertTo(values);
        var sizes = values.Select(Math.Abs).Order().ToArray();
        return sizes.Length == 0 ? 0 : sizes[sizes.Length / 2];
    }
}
