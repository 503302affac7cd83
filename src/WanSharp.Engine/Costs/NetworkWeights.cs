using WanSharp.Graphs;
using WanSharp.Runtime.Adapters;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Engine.Costs;

/// <summary>A network's weights as they are on disk, read from the files' headers.</summary>
internal sealed record NetworkWeights
{
    // What NetworkLoader keeps as converted copies, rather than converting block by block.
    private const long KeptBytes = 256L << 20;

    /// <summary>Of a network that a model does not have.</summary>
    public static NetworkWeights None { get; } =
        new()
        {
            Bytes = new Dictionary<DType, long>(),
            Converted = new Dictionary<DType, double>(),
            GraphBytes = 0,
            ConvertedBytes = 0,
        };

    /// <summary>
    /// Bytes that runs read of the files, by the type that they have there: the checkpoint's, or those of 8-bit weights prepared
    /// from it.
    /// </summary>
    public required IReadOnlyDictionary<DType, long> Bytes { get; init; }

    /// <summary>All of them.</summary>
    public long StoredBytes => Bytes.Values.Sum();

    /// <summary>Elements that must be converted, by their type on disk.</summary>
    public required IReadOnlyDictionary<DType, double> Converted { get; init; }

    /// <summary>Bytes that the weights have in the graph.</summary>
    public required long GraphBytes { get; init; }

    /// <summary>Those of them that are not views of the files.</summary>
    public required long ConvertedBytes { get; init; }

    /// <summary>Bytes of the largest matrix in the graph.</summary>
    public long LargestMatrixBytes { get; init; }

    /// <summary>Those of <see cref="Bytes"/> that are copies with LoRAs merged into them, which the cache of weights keeps.</summary>
    public long MergedBytes { get; init; }

    /// <summary>Whether all matrices are F16 in the files.</summary>
    public bool AreHalves { get; init; }

    /// <summary>Whether all that is converted is kept, because it is small.</summary>
    public bool AreKept => ConvertedBytes <= KeptBytes;

    /// <summary>Whether blocks are widened one after another, as a whole; F16 is widened by their graph, a matrix at a time.</summary>
    public bool WidensBlocks => !AreKept && !AreHalves;

    /// <summary>What a matrix takes while the graph has it widened.</summary>
    public long WidenedMatrixBytes => !AreKept && AreHalves ? LargestMatrixBytes : 0;

    /// <summary>
    /// What a VAE's half holds once it is compiled: packed for the first step's graph and for the later ones', in addition to what is not
    /// a view of the files.
    /// </summary>
    public long PackedBytes => (2 * GraphBytes) + ConvertedBytes;

    /// <summary>Elements that some passes convert; what is kept is converted once, when the network is loaded.</summary>
    public Dictionary<DType, double> ConvertedIn(double passes) =>
        AreKept ? [] : Converted.ToDictionary(part => part.Key, part => passes * part.Value);

    /// <param name="weights">The files.</param>
    /// <param name="slots">The network's weights, under their full names.</param>
    /// <param name="merged">Names of the weights that LoRAs are merged into; null for none.</param>
    public static NetworkWeights Of(WeightStore weights, IEnumerable<WeightSlot> slots, IReadOnlySet<string>? merged = null)
    {
        var (bytes, converted) = (new Dictionary<DType, long>(), new Dictionary<DType, double>());
        var (graphBytes, convertedBytes, mergedBytes) = (0L, 0L, 0L);
        var wanted = slots.ToList();
        var prepared = QuantizedWeight.Among(wanted).SelectMany(weight => new[] { weight.Codes.Name, weight.Scales.Name }).ToHashSet();
        foreach (var slot in wanted)
        {
            var length = slot.DType.ByteLength(slot.Shape.ElementCount);
            graphBytes += length;
            if (prepared.Contains(slot.Name))
            {
                bytes[slot.DType] = bytes.GetValueOrDefault(slot.DType) + length; // mapped from the cache of prepared weights
                continue;
            }

            if (MergedType(slot) is { } type)
            {
                var copy = type.ByteLength(slot.Shape.ElementCount);
                mergedBytes += copy;
                bytes[type] = bytes.GetValueOrDefault(type) + copy;
                if (type != slot.DType)
                {
                    convertedBytes += length;
                    converted[type] = converted.GetValueOrDefault(type) + slot.Shape.ElementCount;
                }

                continue;
            }

            convertedBytes += weights.IsView(slot) ? 0 : length;
            foreach (var stored in weights.StoredAs(slot))
            {
                bytes[stored.DType] = bytes.GetValueOrDefault(stored.DType) + stored.ByteLength;
                if (stored.DType != slot.DType)
                {
                    converted[stored.DType] = converted.GetValueOrDefault(stored.DType) + stored.Shape.ElementCount;
                }
            }
        }

        var matrices = wanted.Where(slot => slot.DType == DType.F32 && slot.Shape.Rank == 2).ToList();
        return new NetworkWeights
        {
            Bytes = bytes,
            Converted = converted,
            GraphBytes = graphBytes,
            ConvertedBytes = convertedBytes,
            MergedBytes = mergedBytes,
            LargestMatrixBytes = matrices.Select(slot => slot.DType.ByteLength(slot.Shape.ElementCount)).DefaultIfEmpty().Max(),
            AreHalves =
                matrices.Count > 0
                && matrices.All(slot => MergedType(slot) is { } type ? type == DType.F16 : weights.IsView(slot with { DType = DType.F16 })),
        };

        DType? MergedType(WeightSlot slot) => merged?.Contains(slot.Name) == true ? MergedWeights.TypeOf(weights, slot) : null;
    }
}
