using System.Text.RegularExpressions;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// Tables of how positions are turned (rope), which some programs save with the weights. They are safe to leave if they are those that the
/// model computes; others would make other clips.
/// </summary>
/// <remarks>
/// Sources of the forms: huggingface/diffusers:src/diffusers/models/transformers/transformer_wan.py (freqs_cos, freqs_sin, each number
/// twice); Wan-Video/Wan2.1:wan/modules/model.py (freqs, a complex number for each pair).
/// </remarks>
internal static partial class SavedPositions
{
    private const int MostPositions = 1 << 16;

    // Angles up to a thousand radians in single precision, and the rounding of what is at most 1 in 16 bits.
    private const double Single = 5e-4;
    private const double Half = 1e-3;
    private const double Brain = 5e-3;

    /// <summary>Whether a name is that of such a table.</summary>
    public static bool AreOnes(string name) => Table().IsMatch(name);

    /// <summary>Whether a tensor is such a table, with the numbers that the model computes.</summary>
    public static bool AreOurs(TransformerConfig config, ICheckpoint network, string name) =>
        Table().Match(name) is { Success: true } table
        && network.Tensors.TryGetValue(name, out var tensor)
        && ToleranceOf(tensor.DType) is { } tolerance
        && tensor.Shape.ElementCount is > 0 and <= MostPositions * 1024L
        && Forms(WanTransformer.RopeFrequencies(config), table).Any(form => Fits(tensor, form, tolerance));

    private static double? ToleranceOf(DType dtype) =>
        dtype switch
        {
            DType.F32 => Single,
            DType.F16 => Half,
            DType.BF16 => Brain,
            _ => null,
        };

    /// <summary>What a position's row may be: angles, cosines or sines of each pair, once, twice in turn, or both of them.</summary>
    private static IEnumerable<(int Columns, Func<int, int, double> At)> Forms(IReadOnlyList<double> frequencies, Match table)
    {
        var pairs = frequencies.Count;
        Func<double, double> wave =
            table.Groups["cos"].Success ? Math.Cos
            : table.Groups["sin"].Success ? Math.Sin
            : angle => angle;
        if (table.Groups["turns"].Success)
        {
            yield return (pairs, (position, i) => (position + 1) * frequencies[i]); // one row alone
            yield break;
        }

        yield return (pairs, (position, i) => wave(position * frequencies[i]));
        yield return (2 * pairs, (position, i) => wave(position * frequencies[i / 2]));
        if (!table.Groups["cos"].Success && !table.Groups["sin"].Success)
        {
            yield return (
                2 * pairs,
                (position, i) => i % 2 == 0 ? Math.Cos(position * frequencies[i / 2]) : Math.Sin(position * frequencies[i / 2])
            );
        }
    }

    private static bool Fits(Tensor tensor, (int Columns, Func<int, int, double> At) form, double tolerance)
    {
        var count = tensor.Shape.ElementCount;
        var positions = count / form.Columns;
        if (count % form.Columns != 0 || positions > MostPositions || !tensor.Shape.Dims.Contains(positions))
        {
            return false;
        }

        var values = new float[form.Columns];
        var rows = tensor.Reshape([positions, form.Columns]);
        for (var position = 0; position < positions; position++)
        {
            rows.Slice(position, 1).ConvertTo(values);
            for (var i = 0; i < values.Length; i++)
            {
                var expected = form.At(position, i);
                if (!(Math.Abs(values[i] - expected) <= tolerance * Math.Max(1, Math.Abs(expected))))
                {
                    return false;
                }
            }
        }

        return true;
    }

    [GeneratedRegex(
        @"(?:^|\.)(?:rope|rotary|rotary_emb|(?<turns>inv_freq)|freqs(?:_cis|_(?<cos>cos)|_(?<sin>sin))?"
            + "|(?<cos>cos)(?:_cached)?|(?<sin>sin)(?:_cached)?)$"
    )]
    private static partial Regex Table();
}
