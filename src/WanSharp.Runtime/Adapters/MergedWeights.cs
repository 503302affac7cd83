using System.Globalization;
using System.Numerics.Tensors;
using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Storage;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Adapters;

/// <summary>
/// A network's weights with LoRAs merged into them: made once, block by block, and kept in a folder. Matrices are stored in F16 unless
/// the checkpoint has them in F32, so that what a small change adds to a BF16 or fp8 weight is not rounded away.
/// </summary>
/// <remarks>An entry's key is made of the checkpoint's digest, the LoRAs' digests, their strengths, and the block.</remarks>
/// <param name="weights">The network's weights.</param>
/// <param name="loras">What the LoRAs do.</param>
/// <param name="strengths">How strong each is.</param>
/// <param name="slots">The network's weights, by their official names and shapes.</param>
internal sealed class MergedWeights(
    WeightStore weights,
    IReadOnlyList<LoraChanges> loras,
    IReadOnlyList<float> strengths,
    IReadOnlyDictionary<string, Shape> slots
)
{
    private const int FormatVersion = 1;
    private const int LayerParts = 2; // blocks.N, text_embedding.0
    private const int PartsAtOnce = 2; // one is made while the other is written; more would hold more memory

    // Networks up to here are read whole before they are trusted; more would cost seconds at every start.
    private const long VerifiedElements = 32L << 20;

    private readonly IReadOnlyList<IGrouping<string, string>> _parts =
    [
        .. loras
            .SelectMany(lora => lora.Changes.Keys)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .GroupBy(name => string.Join('.', name.Split('.').Take(LayerParts))),
    ];

    /// <summary>The merged weights, over those that no LoRA changes; to be disposed before the weights are.</summary>
    /// <param name="folder">Where they are kept; null keeps them in memory.</param>
    /// <param name="prepared">Receives how many parts are done, and how many there are.</param>
    /// <param name="cancellationToken">Stops the making; parts that are done stay.</param>
    public async Task<WeightStore> OpenAsync(string? folder, Action<int, int>? prepared, CancellationToken cancellationToken)
    {
        var parts = new PreparedTensors?[_parts.Count];
        try
        {
            using var store = folder is null ? null : new ContentStore(folder, CacheRoot.OptionsOf(CacheSections.Weights));
            var entries = store is null ? null : new PreparedEntries(store, Elements() <= VerifiedElements);
            var source = folder is null ? "" : weights.Digest(new FileDigests(Path.Combine(folder, "digests")), cancellationToken);
            var done = 0;
            await Parallel
                .ForEachAsync(
                    Enumerable.Range(0, parts.Length),
                    new ParallelOptions { MaxDegreeOfParallelism = PartsAtOnce, CancellationToken = cancellationToken },
                    async (i, cancelled) =>
                    {
                        parts[i] = entries is null
                            ? Make(_parts[i], cancelled)
                            : (
                                await entries
                                    .OpenAsync(KeyOf(source, _parts[i]), () => Make(_parts[i], cancelled), cancelled)
                                    .ConfigureAwait(false)
                            ).Tensors;
                        lock (_parts)
                        {
                            prepared?.Invoke(++done, parts.Length);
                        }
                    }
                )
                .ConfigureAwait(false);
            return weights.WithMerged(PreparedTensors.Join([.. parts.Select(part => part!)]), $"merged {FormatVersion}\n{Changes()}");
        }
        catch
        {
            Array.ForEach(parts, part => part?.Dispose());
            throw;
        }
    }

    /// <summary>The type that a merged weight is stored in, unless its numbers are too large for F16.</summary>
    public static DType TypeOf(WeightStore weights, WeightSlot slot) =>
        slot.Shape.Rank == 1 || weights.StoredAs(slot).All(stored => stored.DType == DType.F32) ? DType.F32 : DType.F16;

    private long Elements() => _parts.Sum(part => part.Sum(name => slots[name].ElementCount));

    private PreparedTensors Make(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            WeightSlot[] made = [.. names.Select(name => new WeightSlot(name, DType.F32, slots[name]))];
            var largest = made.Where(slot => TypeOf(weights, slot) != DType.F32).Max(slot => (long?)slot.Shape.ElementCount) ?? 0;
            using var room = Tensor.Zeros(DType.F32, [largest]); // one for all: memory that is new costs as much as a merge
            foreach (var slot in made)
            {
                tensors[slot.Name] = Merged(slot, room, cancellationToken);
            }

            return new PreparedTensors(tensors, [.. tensors.Values]);
        }
        catch
        {
            foreach (var tensor in tensors.Values)
            {
                tensor.Dispose();
            }

            throw;
        }
    }

    private Tensor Merged(WeightSlot slot, Tensor room, CancellationToken cancellationToken)
    {
        if (TypeOf(weights, slot) == DType.F32)
        {
            return Owned(DType.F32, slot.Shape, whole => Merge(slot, whole, cancellationToken));
        }

        var weight = room.Slice(0, slot.Shape.ElementCount).Reshape(slot.Shape);
        Merge(slot, weight, cancellationToken);
        var half = Owned(DType.F16, slot.Shape, weight.ConvertTo);
        if (TensorPrimitives.IsFiniteAll<Half>(half.Read<Half>()))
        {
            return half;
        }

        half.Dispose();
        return Owned(DType.F32, slot.Shape, weight.ConvertTo);
    }

    private void Merge(WeightSlot slot, Tensor weight, CancellationToken cancellationToken)
    {
        weights.CopyTo(slot, "", weight);
        for (var lora = 0; lora < loras.Count; lora++)
        {
            if (loras[lora].Changes.TryGetValue(slot.Name, out var changes) && strengths[lora] != 0)
            {
                foreach (var change in changes)
                {
                    change.Apply(weight, strengths[lora], cancellationToken);
                }
            }
        }

        if (!TensorPrimitives.IsFiniteAll<float>(weight.Read<float>()))
        {
            throw new CheckpointException(
                weights.Path,
                slot.Name,
                "with the LoRAs it is not finite: a file is damaged, or a strength too large."
            );
        }
    }

    private static Tensor Owned(DType dtype, Shape shape, Action<Tensor> fill)
    {
        var tensor = Tensor.Zeros(dtype, shape);
        try
        {
            fill(tensor);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private string KeyOf(string source, IEnumerable<string> names) =>
        Digests.OfText(string.Join('\n', $"merged {FormatVersion}", $"weights {source}", Changes(), string.Join('\n', names)));

    /// <summary>What the LoRAs do, and how strongly: with the weights, all that decides the merged ones.</summary>
    private string Changes() =>
        string.Join('\n', loras.Select((lora, i) => string.Create(CultureInfo.InvariantCulture, $"lora {lora.Id} {strengths[i]:R}")));
}
