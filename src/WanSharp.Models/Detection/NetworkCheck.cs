using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// Checks all weights of a network before one is used: each is there, has its shape, and means something that is understood.
/// </summary>
internal static class NetworkCheck
{
    // Enough to meet any hole of a hundredth of the file, and few enough for a slow disk.
    private const int PartsLookedAt = 256;
    private const long PartBytes = 1 << 18;
    private const int ShortVector = 16;
    private const int FewBiases = 8;
    private const string KeyBias = ".to_k.bias";

    /// <summary>Checks a network.</summary>
    /// <param name="network">Its tensors under official names.</param>
    /// <param name="slots">The weights that it uses.</param>
    /// <returns>The names of all tensors that are used: weights, their scales and notes.</returns>
    /// <exception cref="CheckpointException">A weight is missing, of another shape or type, quantized in a way that is not supported,
    /// or zero.</exception>
    public static HashSet<string> Require(ICheckpoint network, IEnumerable<WeightSlot> slots)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        List<string> weights = [];
        foreach (var slot in slots)
        {
            var parts = StoredParts.Of(network, slot.Name);
            Shape shape =
                parts.Length == 1 || slot.Shape.Rank == 0
                    ? slot.Shape
                    : Shape.Create([slot.Shape[0] / parts.Length, .. slot.Shape.Dims[1..]]);
            foreach (var name in parts)
            {
                RequireWeight(network, name, shape, used);
                weights.Add(name);
            }
        }

        ElementTypes.Require(network, weights);
        RequireBytes(network, weights);
        RequireBiases(network, weights);
        return used;
    }

    private static void RequireWeight(ICheckpoint network, string name, Shape shape, HashSet<string> used)
    {
        var tensor = network.Get(name);
        if (name.EndsWith(WeightScale.WeightSuffix, StringComparison.Ordinal))
        {
            _ = QuantizationNote.Find(network, name); // names the format, which says more than that the shape is another
        }

        if (!StoredParts.Fits(tensor.Shape, shape))
        {
            throw StoredParts.Misfit(network.Path, name, tensor.Shape, shape);
        }

        used.Add(name);
        if (!WeightScale.Has(network, name))
        {
            WeightScale.RequireMeaning(network.Path, name, tensor, scale: null);
            return;
        }

        var layer = name[..^WeightScale.WeightSuffix.Length];
        used.UnionWith(WeightScale.Suffixes.Append(QuantizationNote.Suffix).Select(suffix => layer + suffix));
        var scale = WeightScale.Find(network, name);
        if (!ElementTypes.IsQuantized(tensor.DType) && scale is { IsOne: false })
        {
            throw new CheckpointException(
                network.Path,
                name,
                $"it is {tensor.DType.Name()}, which is not quantized, but has a scale: what its values stand for is not known."
            );
        }
    }

    /// <summary>
    /// A bias may be zero, but not one of a layer that has others in other blocks, nor all of a network's: writers put small tensors
    /// together, so that one hole takes many. In 8 bits a bias may be too small to be kept; that of CLIP's keys, on which no
    /// result depends, in 16, too.
    /// </summary>
    private static void RequireBiases(ICheckpoint network, List<string> weights)
    {
        List<(string Name, bool IsZero)> biases =
        [
            .. weights
                .Where(name => name.EndsWith(".bias", StringComparison.Ordinal) && !name.EndsWith(KeyBias, StringComparison.Ordinal))
                .Where(name => IsVector(network.Tensors[name]))
                .Select(name => (name, IsZero(network.Tensors[name]))),
        ];
        var isAll = biases.Count >= FewBiases && biases.TrueForAll(bias => bias.IsZero);
        var damaged = biases
            .GroupBy(bias => ElementTypes.RoleOf(bias.Name))
            .FirstOrDefault(role => role.Any(bias => bias.IsZero) && (isAll || role.Any(bias => !bias.IsZero)));
        if (damaged is not null)
        {
            throw new CheckpointException(
                network.Path,
                damaged.First(bias => bias.IsZero).Name,
                $"all of it is zero, {(isAll ? "as all biases are" : "but not in other blocks")}: the download is not complete, or the "
                    + "file is damaged; download it again."
            );
        }

        static bool IsVector(Tensor tensor) => tensor.Shape.ElementCount >= ShortVector && !ElementTypes.IsQuantized(tensor.DType);

        static bool IsZero(Tensor tensor) => !tensor.ReadBytes(0, (int)tensor.ByteLength).ContainsAnyExcept((byte)0);
    }

    /// <summary>Looks for parts that were not downloaded; every weight is looked at as a whole when it is used.</summary>
    private static void RequireBytes(ICheckpoint network, List<string> weights)
    {
        var bytes = weights.Sum(name => network.Tensors[name].ByteLength);
        var step = (int)Math.Clamp(bytes / PartBytes / PartsLookedAt, 1, int.MaxValue);
        foreach (var name in weights)
        {
            ZeroedParts.Refuse(network.Path, name, network.Tensors[name], step);
        }
    }
}
