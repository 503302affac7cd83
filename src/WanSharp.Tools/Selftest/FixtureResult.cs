namespace WanSharp.Tools.Selftest;

/// <summary>What one fixture folder gave.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Comparisons">Every tensor compared; none when the fixture was skipped or failed to run.</param>
/// <param name="Problem">Why nothing was compared: the kind is not one that this version runs, or an error.</param>
/// <param name="Skipped">Whether the fixture is of a kind that this version has no network for.</param>
public sealed record FixtureResult(string Name, IReadOnlyList<Comparison> Comparisons, string? Problem, bool Skipped)
{
    /// <summary>Whether everything was within its limit.</summary>
    public bool Passed => Problem is null && Comparisons.Count > 0 && Comparisons.All(comparison => comparison.Passed);

    /// <summary>The largest difference as a share of its tensor's largest magnitude.</summary>
    public double LargestRelativeError => Comparisons.Select(comparison => comparison.RelativeError).DefaultIfEmpty().Max();

    /// <summary>The comparison that came closest to its limit, or went furthest beyond it.</summary>
    public Comparison? Worst =>
        Comparisons.MaxBy(comparison =>
            comparison.Limit > 0 ? comparison.MaximumError / comparison.Limit
            : comparison.MaximumError > 0 ? double.PositiveInfinity
            : 0
        );
}
