namespace WanSharp.Tools.Benchmarks;

/// <summary>How far two results of the same forward pass are apart.</summary>
/// <param name="Maximum">Largest absolute difference.</param>
/// <param name="Relative">That, as a share of the largest magnitude of the one compared with.</param>
public sealed record OutputDifference(double Maximum, double Relative);
