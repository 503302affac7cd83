using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>
/// Finds the zeros that stand where a download has not been written yet. A network has rows of zeros at most; what is looked
/// for is a whole matrix or vector, or a large part of a matrix.
/// </summary>
internal static class ZeroedParts
{
    private const int PartBytes = 1 << 18; // whatever tools download at once is longer
    private const int SmallestMatrix = 1 << 12;
    private const int SmallestVector = 16;

    // A table of words has rows for words that no text has, which may be zero.
    private const int MostRows = 1 << 16;
    private const int TablePartBytes = 1 << 22;

    /// <summary>Refuses a weight of which a part is zero.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The weight.</param>
    /// <param name="weight">Its elements as they are stored.</param>
    /// <param name="step">One of every this many parts of 256 KiB is looked at, and the last one.</param>
    /// <exception cref="CheckpointException">A part is zero.</exception>
    public static void Refuse(string path, string name, Tensor weight, int step = 1)
    {
        if (weight.Shape.Dims.ToArray().Count(dim => dim > 1) < 2)
        {
            RefuseVector(path, name, weight);
            return;
        }

        if (weight.ByteLength < SmallestMatrix)
        {
            return;
        }

        var partBytes = weight.Shape[0] > MostRows ? TablePartBytes : PartBytes;
        var stride = Math.Max(partBytes, (long)step * PartBytes);
        var last = Math.Max(0, weight.ByteLength - partBytes); // a whole part, though it may begin within the one before
        for (long start = 0; start <= last; start = start == last ? start + 1 : Math.Min(start + stride, last))
        {
            var length = (int)Math.Min(partBytes, weight.ByteLength);
            if (IsZero(weight, start, length))
            {
                throw Refused(path, name, $"its {length} bytes from {start} on are all zero");
            }
        }
    }

    /// <summary>The factors of a norm are never all zero; the terms that a layer adds may be.</summary>
    private static void RefuseVector(string path, string name, Tensor weight)
    {
        if (
            weight.Shape.ElementCount >= SmallestVector
            && !name.EndsWith(".bias", StringComparison.Ordinal)
            && IsZero(weight, 0, (int)Math.Min(weight.ByteLength, int.MaxValue))
        )
        {
            throw Refused(path, name, "all of it is zero");
        }
    }

    private static bool IsZero(Tensor weight, long start, int length) => !weight.ReadBytes(start, length).ContainsAnyExcept((byte)0);

    private static CheckpointException Refused(string path, string name, string what) =>
        new(path, name, $"{what}: the download is not complete, or the file is damaged; download it again.");
}
