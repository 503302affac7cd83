namespace WanSharp.Tools.Quantize;

/// <summary>How far quantizing is.</summary>
/// <param name="Doing">What it does now.</param>
/// <param name="Done">How many of these are done.</param>
/// <param name="Total">How many there are.</param>
public readonly record struct QuantizeProgress(string Doing, int Done, int Total);
