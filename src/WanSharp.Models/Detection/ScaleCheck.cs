using System.Text.RegularExpressions;
using WanSharp.Models.Names;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// Refuses quantized weights whose codes and scales together give no weights: scales that are to be divided by, or codes that are of
/// rotated rows while the note that says so was left out.
/// </summary>
internal static partial class ScaleCheck
{
    // Weights of networks are around a hundredth, those of T5's family up to some ones. Codes go up to 448, and a scale that was turned
    // over is near 100 for the largest weights, above 1000 for others.
    private const float Largest = 64;
    private const float Smallest = 1e-6f;
    private const int MostLookedAt = 64;
    private const int RowsLookedAt = 2;

    /// <summary>Checks a network.</summary>
    /// <param name="network">Its tensors under official names.</param>
    /// <param name="used">The names of those that it uses.</param>
    /// <exception cref="CheckpointException">Its scales do not give its weights.</exception>
    public static void Require(RenamedCheckpoint network, IEnumerable<string> used)
    {
        List<string> weights = [.. used.Where(name => IsScaled(network, name)).Order(StringComparer.Ordinal)];
        if (weights.Count == 0)
        {
            return;
        }

        RequireNotes(network, weights);
        var step = Math.Max(1, weights.Count / MostLookedAt);
        var sizes = weights
            .Where((_, index) => index % step == 0)
            .Select(name => (Name: name, Size: MedianSize(network, name)))
            .Where(weight => weight.Size > 0)
            .OrderBy(weight => weight.Size)
            .ToList();
        if (sizes.Count > 0 && sizes[sizes.Count / 2] is var (name, size) && size is not (>= Smallest and <= Largest))
        {
            var layer = name[..^WeightScale.WeightSuffix.Length];
            var scale = WeightScale.Suffixes.Select(suffix => layer + suffix).First(network.Tensors.ContainsKey);
            throw new CheckpointException(
                network.Path,
                scale,
                $"with it, half of the numbers of {CheckpointException.Quote(name)} are {(size > Largest ? "above" : "below")} "
                    + FormattableString.Invariant($"{size:G2}, which weights are not: it may be a scale to divide by, which is not ")
                    + "supported, or the file is damaged."
            );
        }
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

    private static bool IsScaled(RenamedCheckpoint network, string name) =>
        name.EndsWith(WeightScale.WeightSuffix, StringComparison.Ordinal)
        && network.Tensors.TryGetValue(name, out var tensor)
        && ElementTypes.IsQuantized(tensor.DType)
        && WeightScale.Has(network, name);

    /// <summary>The middle of the sizes of what some rows of a weight stand for, zeros left out; 0 if all are.</summary>
    private static float MedianSize(RenamedCheckpoint network, string name)
    {
        var (tensor, scale) = (network.Tensors[name], WeightScale.Find(network, name)!);
        var rows = tensor.Shape[0];
        var matrix = tensor.Reshape([rows, tensor.Shape.ElementCount / rows]);
        List<float> sizes = [];
        for (var i = 0; i < Math.Min(RowsLookedAt, rows); i++)
        {
            var row = i * rows / RowsLookedAt;
            var values = new float[matrix.Shape[1]];
            matrix.Slice(row, 1).ConvertTo(values);
            scale.Apply(row, values);
            sizes.AddRange(values.Select(Math.Abs).Where(value => value != 0));
        }

        sizes.Sort();
        return sizes.Count == 0 ? 0 : sizes[sizes.Count / 2];
    }

    [GeneratedRegex("conv[-_ ]?rot|rotated|hadamard|quarot", RegexOptions.IgnoreCase)]
    private static partial Regex Rotated();
}
