using System.Text.RegularExpressions;
using WanSharp.Models.Names;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// Refuses weights whose numbers are not those of weights, whatever type they are stored in: codes whose scales are to be divided by, or
/// were left out when a program cast them; one type read as another; or codes of rotated rows while the note that says so was left out.
/// </summary>
internal static partial class ScaleCheck
{
    // Half of the weights of Wan's transformers are below some hundredths, those of T5's family below some ones. Half of the codes of a
    // scaled weight are above 10, and a scale that was turned over is near 100 for the largest weights, above 1000 for others. The type
    // for 16 bits that has fewer digits, read as the other, begins near 1; the other way round it is far below the smallest.
    private const float LargestOfTransformers = 0.5f;
    private const float Largest = 8;
    private const float Smallest = 1e-6f;
    private const string Table = "embedding.weight";
    private const int MostLookedAt = 64;
    private const int RowsLookedAt = 2;

    /// <summary>Checks a network.</summary>
    /// <param name="network">Its tensors under official names.</param>
    /// <param name="used">The names of those that it uses.</param>
    /// <param name="isTransformer">Whether it is one, whose weights are smaller than others'.</param>
    /// <exception cref="CheckpointException">Its numbers are no weights.</exception>
    public static void Require(RenamedCheckpoint network, IEnumerable<string> used, bool isTransformer)
    {
        List<string> weights = [.. used.Where(name => IsMatrix(network, name)).Order(StringComparer.Ordinal)];
        if (weights.Count == 0)
        {
            return;
        }

        RequireNotes(network, [.. weights.Where(name => WeightScale.Has(network, name))]);
        var largest = isTransformer ? LargestOfTransformers : Largest;
        var step = Math.Max(1, weights.Count / MostLookedAt);
        var sizes = weights
            .Where((_, index) => index % step == 0)
            .Select(name => (Name: name, Size: MedianSize(network, name)))
            .Where(weight => weight.Size > 0)
            .OrderBy(weight => weight.Size)
            .ToList();
        if (sizes.Count > 0 && sizes[sizes.Count / 2] is var (name, size) && !(size >= Smallest && size <= largest))
        {
            throw Refused(network, name, size > largest, size);
        }
    }

    private static CheckpointException Refused(RenamedCheckpoint network, string name, bool isLarge, float size)
    {
        var layer = name[..^WeightScale.WeightSuffix.Length];
        var half = FormattableString.Invariant($"are {(isLarge ? "above" : "below")} {size:G2}, which weights are not: ");
        return WeightScale.Suffixes.Select(suffix => layer + suffix).FirstOrDefault(network.Tensors.ContainsKey) is { } scale
            ? new CheckpointException(
                network.Path,
                scale,
                $"with it, half of the numbers of {CheckpointException.Quote(name)} {half}it may be a scale to divide by, which is not "
                    + "supported, or the file is damaged."
            )
            : new CheckpointException(
                network.Path,
                name,
                $"half of its numbers {half}they may be the codes of a quantized file, which another program cast without their scales, "
                    + "or the file says another type than they have; get the file that it was made from."
            );
    }

    /// <summary>ConvRot's rotation stands in notes; without them the codes of rotated rows look like any.</summary>
    private static void RequireNotes(RenamedCheckpoint network, List<string> weights)
    {
        if (
            NamedFamilies.Names(network.Path).Any(name => Rotated().IsMatch(name))
            && weights.Find(name => network.Tensors[name].DType == DType.I8 && QuantizationNote.Find(network, name) is null) is { } weight
        )
        {
            throw new CheckpointException(
                network.Path,
                weight,
                "by the file's name it was rotated before it was quantized (ConvRot), and the note that says how "
                    + $"({QuantizationNote.Suffix[1..]}) is missing: another program left it out; get the file that it was made from."
            );
        }
    }

    /// <summary>Whether it is a matrix of known numbers: tables have larger ones; codes without a scale are looked at elsewhere.</summary>
    private static bool IsMatrix(RenamedCheckpoint network, string name) =>
        name.EndsWith(WeightScale.WeightSuffix, StringComparison.Ordinal)
        && !name.EndsWith(Table, StringComparison.Ordinal)
        && network.Tensors.TryGetValue(name, out var tensor)
        && tensor.Shape.Dims.ToArray().Count(dim => dim > 1) > 1
        && tensor.Shape.ElementCount / tensor.Shape[0] % tensor.DType.BlockLength() == 0
        && (WeightScale.Has(network, name) || !ElementTypes.IsQuantized(tensor.DType));

    /// <summary>The middle of the sizes of what some rows of a weight stand for, zeros left out; 0 if all are.</summary>
    private static float MedianSize(RenamedCheckpoint network, string name)
    {
        var (tensor, scale) = (network.Tensors[name], WeightScale.Find(network, name));
        var rows = tensor.Shape[0];
        var matrix = tensor.Reshape([rows, tensor.Shape.ElementCount / rows]);
        List<float> sizes = [];
        for (var i = 0; i < Math.Min(RowsLookedAt, rows); i++)
        {
            var row = i * rows / RowsLookedAt;
            var values = new float[matrix.Shape[1]];
            matrix.Slice(row, 1).ConvertTo(values);
            scale?.Apply(row, values);
            sizes.AddRange(values.Select(Math.Abs).Where(value => value != 0));
        }

        sizes.Sort();
        return sizes.Count == 0 ? 0 : sizes[sizes.Count / 2];
    }

    [GeneratedRegex("conv[-_ ]?rot|rotated|hadamard|quarot", RegexOptions.IgnoreCase)]
    private static partial Regex Rotated();
}
