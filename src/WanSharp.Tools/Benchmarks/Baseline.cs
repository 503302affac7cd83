namespace WanSharp.Tools.Benchmarks;

/// <summary>Compares a report's ratios with those of a saved one. Times are not compared: machines differ, ratios less so.</summary>
public static class Baseline
{
    /// <summary>
    /// By how much a ratio may be below the saved one unless another value is given: runs on a shared machine vary by as much.
    /// </summary>
    public const double DefaultTolerance = 0.1;

    /// <summary>The ratios of the saved report, in its order. One that was not measured this time counts as worse.</summary>
    /// <param name="saved">The report to compare with; its tolerance holds unless <paramref name="tolerance"/> is given.</param>
    /// <param name="current">The new one.</param>
    /// <param name="tolerance">The share by which a ratio may worsen, 0 to 1.</param>
    /// <exception cref="BenchmarkException">The reports measured different things.</exception>
    public static IReadOnlyList<RatioChange> Compare(BenchmarkReport saved, BenchmarkReport current, double? tolerance = null)
    {
        ArgumentNullException.ThrowIfNull(saved);
        ArgumentNullException.ThrowIfNull(current);
        if (saved.Workload != current.Workload)
        {
            throw new BenchmarkException(
                $"The baseline measured \"{saved.Workload}\", this run \"{current.Workload}\": compare like with like."
            );
        }

        var allowed = tolerance ?? saved.Tolerance ?? DefaultTolerance;
        var now = current.Ratios;
        return [.. saved.Ratios.Select(ratio => RatioChange.Of(ratio, now, allowed))];
    }
}
