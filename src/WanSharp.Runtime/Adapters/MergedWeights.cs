using System.Globalization;
using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Storage;
using WanSharp.Tensors;

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
    private const int PartsAtOnce = 3; // one is made while others go to the disk

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
                        parts[i] = await OpenPartAsync(entries, source, _parts[i], cancelled).ConfigureAwait(false);
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

    /// <summary>A part, kept in a folder or in memory.</summary>
    private async Task<PreparedTensors> OpenPartAsync(
        PreparedEntries? entries,
        string source,
        IEnumerable<string> names,
        CancellationToken cancellationToken
    )
    {
        var part = new MergedPart(weights, loras, strengths, cancellationToken);
        WeightSlot[] made = [.. names.Select(name => new WeightSlot(name, DType.F32, slots[name]))];
        var wide = new HashSet<string>(StringComparer.Ordinal); // what F16 does not hold
        while (true)
        {
            try
            {
                if (entries is null)
                {
                    return InMemory();
                }

                // Memory that is new costs as much as a product: the weights of a part are made in the same.
                using var room = Tensor.Zeros(DType.U8, [made.Max(slot => KeptAs(slot).ByteLength(slot.Shape.ElementCount))]);
                var written = made.ToDictionary(slot => slot.Name, slot => Entry(slot, room), StringComparer.Ordinal);
                return await entries.OpenAsync(KeyOf(source, names), written, InMemory, cancellationToken).ConfigureAwait(false);
            }
            catch (HalfRangeException e) when (wide.Add(e.Weight))
            {
                // Again, with this one as wide as it needs.
            }
        }

        PreparedTensors InMemory() => PreparedTensors.Make(made, slot => part.Make(slot, KeptAs(slot)));

        DType KeptAs(WeightSlot slot) => wide.Contains(slot.Name) ? DType.F32 : TypeOf(weights, slot);

        SafetensorsEntry Entry(WeightSlot slot, Tensor room) =>
            new(
                KeptAs(slot),
                slot.Shape,
                () =>
                {
                    var merged = Tensor.View(room.Memory, 0, KeptAs(slot), slot.Shape, isReadOnly: false);
                    part.Fill(slot, merged);
                    return merged;
                }
            );
    }

    private string KeyOf(string source, IEnumerable<string> names) =>
        Digests.OfText(string.Join('\n', $"merged {FormatVersion}", $"weights {source}", Changes(), string.Join('\n', names)));

    /// <summary>What the LoRAs do, and how strongly: with the weights, all that decides the merged ones.</summary>
    private string Changes() =>
        string.Join('\n', loras.Select((lora, i) => string.Create(CultureInfo.InvariantCulture, $"lora {lora.Id} {strengths[i]:R}")));
}
