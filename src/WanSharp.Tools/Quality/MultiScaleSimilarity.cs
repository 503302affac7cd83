namespace WanSharp.Tools.Quality;

/// <summary>MS-SSIM: similarity at five scales, each half of the one before. For one thread at a time: it keeps its buffers.</summary>
/// <remarks>
/// Wang, Simoncelli, Bovik, "Multiscale structural similarity for image quality assessment" (2003): contrast and structure of the finer
/// scales and the whole similarity of the coarsest, to the powers of <see cref="Powers"/>. Scales are halved by means of 2 × 2 pixels;
/// where a side is odd, zeros surround it, as VainF/pytorch-msssim has them.
/// </remarks>
internal sealed class MultiScaleSimilarity(SimilarityWindow window)
{
    private static readonly double[] Powers = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

    /// <summary>The least width and height: the coarsest scale must hold the window.</summary>
    public static int LeastLength => ((SimilarityWindow.Length - 1) << (Powers.Length - 1)) + 1;

    /// <summary>The similarity of two planes.</summary>
    /// <param name="a">[height, width], 0 to 255.</param>
    /// <param name="b">The other plane.</param>
    /// <param name="width">At least <see cref="LeastLength"/>, as the height.</param>
    public double Compare(ReadOnlySpan<float> a, ReadOnlySpan<float> b, int width)
    {
        var (left, right, product) = (a.ToArray(), b.ToArray(), 1.0);
        for (var scale = 0; ; scale++)
        {
            var (similarity, structure) = window.Compare(left, right, width);
            if (scale == Powers.Length - 1)
            {
                return product * Math.Pow(Math.Max(similarity, 0), Powers[scale]);
            }

            product *= Math.Pow(Math.Max(structure, 0), Powers[scale]);
            (left, right) = (Halve(left, width), Halve(right, width));
            width = Half(width);
        }
    }

    private static int Half(int length) => (length / 2) + (length % 2);

    private static float[] Halve(float[] plane, int width)
    {
        var height = plane.Length / width;
        var (padTop, padLeft, toWidth) = (height % 2, width % 2, Half(width));
        var half = new float[Half(height) * toWidth];
        for (var y = 0; y < height; y++)
        {
            var line = half.AsSpan((y + padTop) / 2 * toWidth, toWidth);
            for (var x = 0; x < width; x++)
            {
                line[(x + padLeft) / 2] += plane[(y * width) + x] / 4;
            }
        }

        return half;
    }
}
