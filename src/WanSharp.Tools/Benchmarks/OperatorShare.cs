namespace WanSharp.Tools.Benchmarks;

/// <summary>The part of a forward pass that one kind of operator took.</summary>
/// <param name="Operator">The operator, such as "Gemm".</param>
/// <param name="Seconds">Its time.</param>
/// <param name="Share">Its part of all operators' time, 0 to 1.</param>
public sealed record OperatorShare(string Operator, double Seconds, double Share);
