namespace WanSharp.Tools.Quality;

/// <summary>Compares pictures of one size. For one thread at a time: it keeps its buffers.</summary>
/// <remarks>
/// SSIM as in Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity"
/// (2004): a Gaussian window of 11 × 11 with σ 1.5, K₁ 0.01, K₂ 0.03, only where the window lies inside the picture. It is
/// computed for red, green and blue, and averaged.
/// </remarks>
public sealed class FrameComparer
{
    /// <summary>The window's side: the least width and height of a picture.</summary>
    public const int WindowLength = 11;

    private const int Channels = 3;
    private const int Statistics = 5; // sums of a, b, a², b², ab
    private const double Sigma = 1.5;
    private const float C1 = 0.01f * 255 * 0.01f * 255;
    private const float C2 = 0.03f * 255 * 0.03f * 255;

    private static readonly float[] Window = GaussianWindow();

    private readonly int _width;
    private readonly int _height;
    private readonly float[] _rows; // [statistics, height, width − 10]: the window's sums along rows

    /// <summary>A comparer for pictures of one size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The pictures are smaller than the window.</exception>
    public FrameComparer(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, WindowLength);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, WindowLength);
        (_width, _height) = (width, height);
        _rows = new float[Statistics * height * (width - WindowLength + 1)];
    }

    /// <summary>Compares two pictures.</summary>
    /// <param name="actual">Red, green and blue of each pixel, row by row.</param>
    /// <param name="expected">The other, alike.</param>
    /// <exception cref="ArgumentException">A picture is of another size.</exception>
    public FrameQuality Compare(ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected)
    {
        var length = Channels * _width * _height;
        if (actual.Length != length || expected.Length != length)
        {
            throw new ArgumentException(
                $"Pictures of {_width}x{_height} take {length} bytes; these have {actual.Length} and {expected.Length}.",
                nameof(actual)
            );
        }

        var squares = 0L;
        for (var i = 0; i < length; i++)
        {
            var difference = actual[i] - expected[i];
            squares += difference * difference;
        }

        var ssim = 0.0;
        for (var channel = 0; channel < Channels; channel++)
        {
            SumAlongRows(actual[channel..], expected[channel..]);
            ssim += SimilarityOfColumns();
        }

        return new FrameQuality((double)squares / length, ssim / Channels);
    }

    private void SumAlongRows(ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected)
    {
        var (inner, plane) = (_width - WindowLength + 1, _height * (_width - WindowLength + 1));
        for (var y = 0; y < _height; y++)
        {
            for (var x = 0; x < inner; x++)
            {
                var (sumA, sumB, sumAa, sumBb, sumAb) = (0f, 0f, 0f, 0f, 0f);
                var pixel = ((y * _width) + x) * Channels;
                foreach (var weight in Window)
                {
                    float a = actual[pixel],
                        b = expected[pixel];
                    sumA += weight * a;
                    sumB += weight * b;
                    sumAa += weight * a * a;
                    sumBb += weight * b * b;
                    sumAb += weight * a * b;
                    pixel += Channels;
                }

                var at = (y * inner) + x;
                _rows[at] = sumA;
                _rows[at + plane] = sumB;
                _rows[at + (2 * plane)] = sumAa;
                _rows[at + (3 * plane)] = sumBb;
                _rows[at + (4 * plane)] = sumAb;
            }
        }
    }

    private double SimilarityOfColumns()
    {
        var (inner, lines) = (_width - WindowLength + 1, _height - WindowLength + 1);
        var total = 0.0;
        Span<float> sums = stackalloc float[Statistics];
        for (var y = 0; y < lines; y++)
        {
            for (var x = 0; x < inner; x++)
            {
                for (var statistic = 0; statistic < Statistics; statistic++)
                {
                    var at = (((statistic * _height) + y) * inner) + x;
                    var sum = 0f;
                    foreach (var weight in Window)
                    {
                        sum += weight * _rows[at];
                        at += inner;
                    }

                    sums[statistic] = sum;
                }

                total += Similarity(sums[0], sums[1], sums[2], sums[3], sums[4]);
            }
        }

        return total / (lines * inner);
    }

    private static float Similarity(float a, float b, float aa, float bb, float ab)
    {
        var (varianceA, varianceB, covariance) = (aa - (a * a), bb - (b * b), ab - (a * b));
        return ((2 * a * b) + C1) * ((2 * covariance) + C2) / (((a * a) + (b * b) + C1) * (varianceA + varianceB + C2));
    }

    private static float[] GaussianWindow()
    {
        double[] weights =
        [
            .. Enumerable.Range(0, WindowLength).Select(i => Math.Exp(-Math.Pow(i - (WindowLength / 2), 2) / (2 * Sigma * Sigma))),
        ];
        return [.. weights.Select(weight => (float)(weight / weights.Sum()))];
    }
}
