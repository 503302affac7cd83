namespace WanSharp.Tools.Benchmarks;

/// <summary>A ratio then and now.</summary>
/// <param name="Name">The ratio's name in <see cref="BenchmarkReport.Ratios"/>.</param>
/// <param name="Before">The saved value.</param>
/// <param name="Now">The new value; null where it was not measured.</param>
/// <param name="IsWorse">Whether it is lower than the tolerance allows, or was not measured.</param>
public sealed record RatioChange(string Name, double Before, double? Now, bool IsWorse)
{
    /// <summary>Compares a saved ratio with those of now. One that is gone proves nothing, so it counts as worse.</summary>
    /// <param name="saved">The ratio then.</param>
    /// <param name="now">The ratios now.</param>
    /// <param name="tolerance">The share by which it may worsen, 0 to 1.</param>
    internal static RatioChange Of(KeyValuePair<string, double> saved, IReadOnlyDictionary<string, double> now, double tolerance)
    {
        double? value = now.TryGetValue(saved.Key, out var found) ? found : null;
        return new RatioChange(saved.Key, saved.Value, value, !(value >= saved.Value * (1 - tolerance)));
    }
}
