namespace WanSharp.Tools.Quality;

/// <summary>What clips that nobody has made yet will lose, by those that were measured.</summary>
internal static class LossForecast
{
    /// <summary>Fewer say nothing of how much they differ.</summary>
    private const int Fewest = 3;

    // Student's t of 95 of 100, one-sided, by degrees of freedom from 2 on.
    private static readonly double[] Quantiles =
    [
        2.920,
        2.353,
        2.132,
        2.015,
        1.943,
        1.895,
        1.860,
        1.833,
        1.812,
        1.796,
        1.782,
        1.771,
        1.761,
        1.753,
        1.746,
        1.740,
        1.734,
        1.729,
        1.725,
    ];

    /// <summary>
    /// The loss that 95 of 100 other clips are expected to keep within: the upper end of a prediction interval for one more of the same
    /// normal distribution. Of fewer than three the worst.
    /// </summary>
    /// <param name="losses">Those that were measured, at least one.</param>
    public static double Of(IReadOnlyCollection<double> losses)
    {
        var (count, mean, worst) = (losses.Count, losses.Average(), losses.Max());
        if (count < Fewest)
        {
            return worst;
        }

        var variance = losses.Sum(loss => (loss - mean) * (loss - mean)) / (count - 1);
        return mean + (Quantiles[Math.Min(count - Fewest, Quantiles.Length - 1)] * Math.Sqrt(variance * (1 + (1.0 / count))));
    }
}
