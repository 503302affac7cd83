namespace WanSharp.Tools.Benchmarks;

/// <summary>Times of the same work, in seconds.</summary>
/// <param name="Median">The median.</param>
/// <param name="Minimum">The least.</param>
/// <param name="Runs">How many there were.</param>
public sealed record Timing(double Median, double Minimum, int Runs)
{
    /// <summary>Sums up what was measured, at least one time.</summary>
    public static Timing Of(IReadOnlyCollection<double> seconds)
    {
        double[] ordered = [.. seconds.Order()];
        var middle = ordered.Length / 2;
        var median = ordered.Length % 2 == 1 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2;
        return new Timing(median, ordered[0], ordered.Length);
    }
}
