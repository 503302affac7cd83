using System.Numerics.Tensors;

namespace WanSharp.Tools.Quality;

/// <summary>
/// The structural similarity of single planes under a Gaussian window, and its part without brightness. For one thread at a time: it
/// keeps its buffers.
/// </summary>
/// <remarks>
/// As in Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity" (2004): a window of
/// 11 × 11 with σ 1.5, K₁ 0.01, K₂ 0.03, values up to 255, only where the window lies inside the plane.
/// </remarks>
internal sealed class SimilarityWindow
{
    /// <summary>The window's side: the least width and height of a plane.</summary>
    public const int Length = 11;

    private const int Statistics = 5; // means of a, b, a², b², ab
    private const double Sigma = 1.5;
    private const float C1 = 0.01f * 255 * 0.01f * 255;
    private const float C2 = 0.03f * 255 * 0.03f * 255;

    private static readonly float[] Weights = Gaussian();

    private float[] _products = []; // a plane: a², b² or ab
    private float[] _rows = []; // [height, width − 10]: sums along rows
    private float[] _sums = []; // [statistics, width − 10]: of one line

    /// <summary>The mean similarity of two planes, and the mean of its contrast and structure alone.</summary>
    /// <param name="a">[height, width], 0 to 255.</param>
    /// <param name="b">The other plane.</param>
    /// <param name="width">At least <see cref="Length"/>, as the height.</param>
    public (double Similarity, double Structure) Compare(ReadOnlySpan<float> a, ReadOnlySpan<float> b, int width)
    {
        var (height, inner) = (a.Length / width, width - Length + 1);
        var plane = height * inner;
        Grow(ref _products, a.Length);
        Grow(ref _rows, Statistics * plane);
        Grow(ref _sums, Statistics * inner);
        var products = _products.AsSpan(0, a.Length);
        SumAlongRows(a, width, _rows.AsSpan(0, plane));
        SumAlongRows(b, width, _rows.AsSpan(plane, plane));
        TensorPrimitives.Multiply(a, a, products);
        SumAlongRows(products, width, _rows.AsSpan(2 * plane, plane));
        TensorPrimitives.Multiply(b, b, products);
        SumAlongRows(products, width, _rows.AsSpan(3 * plane, plane));
        TensorPrimitives.Multiply(a, b, products);
        SumAlongRows(products, width, _rows.AsSpan(4 * plane, plane));
        return MeanOfColumns(height, inner);
    }

    private static void SumAlongRows(ReadOnlySpan<float> plane, int width, Span<float> sums)
    {
        var inner = width - Length + 1;
        for (int from = 0, to = 0; from < plane.Length; from += width, to += inner)
        {
            var line = sums.Slice(to, inner);
            TensorPrimitives.Multiply(plane.Slice(from, inner), Weights[0], line);
            for (var tap = 1; tap < Length; tap++)
            {
                TensorPrimitives.MultiplyAdd(plane.Slice(from + tap, inner), Weights[tap], line, line);
            }
        }
    }

    private (double Similarity, double Structure) MeanOfColumns(int height, int inner)
    {
        var lines = height - Length + 1;
        var (similarity, structure) = (0.0, 0.0);
        for (var y = 0; y < lines; y++)
        {
            for (var statistic = 0; statistic < Statistics; statistic++)
            {
                var column = _rows.AsSpan((statistic * height * inner) + (y * inner));
                var line = _sums.AsSpan(statistic * inner, inner);
                TensorPrimitives.Multiply(column[..inner], Weights[0], line);
                for (var tap = 1; tap < Length; tap++)
                {
                    TensorPrimitives.MultiplyAdd(column.Slice(tap * inner, inner), Weights[tap], line, line);
                }
            }

            for (var x = 0; x < inner; x++)
            {
                var (a, b) = (_sums[x], _sums[x + inner]);
                var (aa, bb, ab) = (_sums[x + (2 * inner)], _sums[x + (3 * inner)], _sums[x + (4 * inner)]);
                var contrast = ((2 * (ab - (a * b))) + C2) / (aa - (a * a) + (bb - (b * b)) + C2);
                structure += contrast;
                similarity += contrast * ((2 * a * b) + C1) / ((a * a) + (b * b) + C1);
            }
        }

        return (similarity / (lines * inner), structure / (lines * inner));
    }

    private static void Grow(ref float[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = new float[length];
        }
    }

    private static float[] Gaussian()
    {
        double[] weights = [.. Enumerable.Range(0, Length).Select(i => Math.Exp(-Math.Pow(i - (Length / 2), 2) / (2 * Sigma * Sigma)))];
        return [.. weights.Select(weight => (float)(weight / weights.Sum()))];
    }
}
