using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// Finds the zeros that stand where a download has not been written yet. A network has rows of zeros at most; what is looked
/// for is a whole matrix, or a megabyte of one.
/// </summary>
internal static class ZeroedParts
{
    private const int PartBytes = 1 << 20;
    private const int SmallestMatrix = 1 << 12;

    /// <summary>Refuses a weight of which a part is zero.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The weight.</param>
    /// <param name="weight">Its elements as they are stored.</param>
    /// <param name="step">One of every this many parts is looked at, and the last one.</param>
    /// <exception cref="CheckpointException">A part is zero.</exception>
    public static void Refuse(string path, string name, Tensor weight, int step = 1)
    {
        if (weight.Shape.Rank < 2 || weight.ByteLength < SmallestMatrix)
        {
            return;
        }

        var last = (weight.ByteLength - 1) / PartBytes;
        for (long part = 0; part <= last; part = part == last ? part + 1 : Math.Min(part + step, last))
        {
            var (start, length) = (part * PartBytes, (int)Math.Min(PartBytes, weight.ByteLength - (part * PartBytes)));
            var isWhole = length == PartBytes || last == 0;
            if (isWhole && !weight.ReadBytes(start, length).ContainsAnyExcept((byte)0))
            {
                throw new CheckpointException(
                    path,
                    name,
                    $"its {length} bytes from {start} on are all zero: the download is not complete, or "
                        + "the file is damaged; download it again."
                );
            }
        }
    }
}
