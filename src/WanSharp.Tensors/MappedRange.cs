namespace WanSharp.Tensors;

/// <summary>Consecutive bytes of a mapped file.</summary>
/// <param name="Memory">The map.</param>
/// <param name="Start">The first byte's position.</param>
/// <param name="Length">How many bytes.</param>
internal readonly record struct MappedRange(MappedMemory Memory, long Start, long Length)
{
    // Writers align tensors; what lies between two of them is nobody's.
    private const long WidestGap = 4096;

    /// <summary>
    /// What mapped tensors cover, in as few ranges as there are: the system keeps its cache in units larger than a page, and lets
    /// a unit go as a whole.
    /// </summary>
    public static IEnumerable<MappedRange> Of(IEnumerable<Tensor> tensors)
    {
        MappedRange? range = null;
        foreach (var tensor in tensors.Where(tensor => tensor.Memory is MappedMemory).OrderBy(tensor => tensor.Address))
        {
            var memory = (MappedMemory)tensor.Memory;
            if (range is { } before && before.Memory == memory && tensor.Offset - (before.Start + before.Length) <= WidestGap)
            {
                range = before with { Length = Math.Max(before.Length, tensor.Offset + tensor.ByteLength - before.Start) };
                continue;
            }

            if (range is { } complete)
            {
                yield return complete;
            }

            range = new MappedRange(memory, tensor.Offset, tensor.ByteLength);
        }

        if (range is { } last)
        {
            yield return last;
        }
    }

    /// <inheritdoc cref="MappedMemory.ReadAhead"/>
    public void ReadAhead() => Memory.ReadAhead(Start, Length);

    /// <inheritdoc cref="MappedMemory.Forget"/>
    public void Forget() => Memory.Forget(Start, Length);
}
