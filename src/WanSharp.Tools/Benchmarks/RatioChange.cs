namespace WanSharp.Tools.Benchmarks;

/// <summary>A ratio then and now.</summary>
/// <param name="Name">The ratio's name in <see cref="BenchmarkReport.Ratios"/>.</param>
/// <param name="Before">The saved value.</param>
/// <param name="Now">The new value.</param>
/// <param name="IsWorse">Whether it is lower than the tolerance allows.</param>
public sealed record RatioChange(string Name, double Before, double Now, bool IsWorse);
