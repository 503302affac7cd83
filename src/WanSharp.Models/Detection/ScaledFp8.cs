using WanSharp.Models.Codes;
using WanSharp.Models.Names;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// Refuses fp8 weights without a scale where something says that they had one: ComfyUI's marker, a description, or their own size. Without
/// any of these they are what they say; next to others with scales, which a marker is about, their size alone decides.
/// </summary>
/// <remarks>
/// Comfy-Org/ComfyUI:comfy/utils.py (convert_old_quants) takes a layer without a scale as it is, marker or not: right for a layer that was
/// left alone, wrong for a file whose scales were lost.
/// </remarks>
internal static class ScaledFp8
{
    /// <summary>The tensor by which ComfyUI's files say that fp8 weights have scales.</summary>
    public const string Marker = "scaled_fp8";

    // Scaled codes fill the type: half of them are above 10. Weights are far below 1.
    private const float LargeForAWeight = 1;
    private const int Sample = 512;
    private const int MostLookedAt = 64;

    // The largest code of a scaled weight is the largest of its type, so that of a part is near it; norms and biases never are.
    private const float LargeForAnything = 224;
    private const int LargestSample = 1 << 20;

    /// <summary>Checks a network.</summary>
    /// <param name="checkpoint">The file.</param>
    /// <param name="network">The network in it.</param>
    /// <param name="used">The names of the tensors that it uses.</param>
    /// <param name="isMarked">Whether the file has a marker for it.</param>
    /// <exception cref="CheckpointException">Its scales are missing.</exception>
    public static void Require(ICheckpoint checkpoint, RenamedCheckpoint network, IEnumerable<string> used, bool isMarked)
    {
        var taken = used.ToHashSet(StringComparer.Ordinal);
        List<string> weights = [.. taken.Where(name => IsFp8Matrix(network, name)).Order(StringComparer.Ordinal)];
        if (weights.Count == 0)
        {
            return;
        }

        if (weights.Exists(name => WeightScale.Has(network, name)))
        {
            RequireNoneLost(network, taken); // that a role has none at all: see ElementTypes
            return;
        }

        var reason =
            isMarked ? $"the tensor {Marker} says"
            : QuantizationConfig.Find(checkpoint) is { } config ? $"{Path.GetFileName(config.Source)} says"
            : AreLarge(network, weights) && !network.StoredNames.Keys.Any(IsLeft) ? "their size says"
            : null;
        if (reason is not null)
        {
            throw new CheckpointException(
                checkpoint.Path,
                weights[0],
                $"it and the other fp8 weights have no scales, but {reason} that they were scaled: another program left the scales out; "
                    + "get the whole file."
            );
        }

        // What belongs to a weight, and is not understood, is refused by its own name.
        bool IsLeft(string name) =>
            name.StartsWith(weights[0][..^WeightScale.WeightSuffix.Length] + ".", StringComparison.Ordinal)
            && !taken.Contains(name)
            && !ForeignFormats.IsOfActivations(name, _ => true);
    }

    /// <summary>Refuses weights without a scale that are as large as the codes of those that have one.</summary>
    private static void RequireNoneLost(RenamedCheckpoint network, IEnumerable<string> used)
    {
        foreach (var name in used.Where(name => IsFp8(network, name) && !WeightScale.Has(network, name)).Order(StringComparer.Ordinal))
        {
            var tensor = network.Tensors[name];
            if ((tensor.Shape.Rank >= 2 && MedianSize(tensor) > LargeForAWeight) || LargestSize(tensor) >= LargeForAnything)
            {
                throw new CheckpointException(
                    network.Path,
                    name,
                    "it has no scale, as other fp8 weights of the file have, and its numbers are as large as those of scaled weights: "
                        + "another program left the scale out; get the whole file."
                );
            }
        }
    }

    private static bool IsFp8Matrix(RenamedCheckpoint network, string name) =>
        IsFp8(network, name) && network.Tensors[name].Shape.Rank >= 2 && name.EndsWith(WeightScale.WeightSuffix, StringComparison.Ordinal);

    private static bool IsFp8(RenamedCheckpoint network, string name) =>
        network.Tensors.TryGetValue(name, out var tensor) && tensor.DType is DType.F8E4M3 or DType.F8E5M2;

    private static bool AreLarge(RenamedCheckpoint network, List<string> weights)
    {
        var step = Math.Max(1, weights.Count / MostLookedAt);
        var sizes = weights.Where((_, index) => index % step == 0).Select(name => MedianSize(network.Tensors[name])).Order().ToList();
        return sizes[sizes.Count / 2] > LargeForAWeight;
    }

    private static float MedianSize(Tensor tensor)
    {
        var sizes = First(tensor, Sample).Select(Math.Abs).Order().ToArray();
        return sizes.Length == 0 ? 0 : sizes[sizes.Length / 2];
    }

    private static float LargestSize(Tensor tensor) => First(tensor, LargestSample).Select(Math.Abs).DefaultIfEmpty().Max();

    private static float[] First(Tensor tensor, int count)
    {
        var values = new float[Math.Min(count, tensor.Shape.ElementCount)];
        tensor.Reshape([tensor.Shape.ElementCount]).Slice(0, values.Length).ConvertTo(values);
        return values;
    }
}
