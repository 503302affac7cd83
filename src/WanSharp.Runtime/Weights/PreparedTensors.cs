using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>Tensors that were made from a checkpoint: mapped files of a cache, or memory.</summary>
/// <param name="Tensors">The tensors by name.</param>
/// <param name="Owned">What they end with, in the order of disposal.</param>
internal sealed record PreparedTensors(IReadOnlyDictionary<string, Tensor> Tensors, IReadOnlyList<IDisposable> Owned) : IDisposable
{
    /// <summary>Bytes of those that are in memory.</summary>
    public long MemoryBytes => Owned.OfType<Tensor>().Sum(tensor => tensor.ByteLength);

    /// <summary>All of several, whose owner this one is.</summary>
    public static PreparedTensors Join(IReadOnlyList<PreparedTensors> parts) =>
        new(parts.SelectMany(part => part.Tensors).ToDictionary(StringComparer.Ordinal), [.. parts.SelectMany(part => part.Owned)]);

    /// <summary>All of them in memory.</summary>
    /// <param name="slots">Which there are.</param>
    /// <param name="make">Makes one.</param>
    public static PreparedTensors Make(IEnumerable<WeightSlot> slots, Func<WeightSlot, Tensor> make)
    {
        var made = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (var slot in slots)
            {
                made.Add(slot.Name, make(slot));
            }

            return new PreparedTensors(made, [.. made.Values]);
        }
        catch
        {
            foreach (var tensor in made.Values)
            {
                tensor.Dispose();
            }

            throw;
        }
    }

    public void Dispose()
    {
        foreach (var part in Owned)
        {
            part.Dispose();
        }
    }
}
