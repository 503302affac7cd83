namespace WanSharp.Cli.Output;

/// <summary>A layer of a quantized model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="HighNoise">Whether it is the high-noise expert's.</param>
/// <param name="Format">How it multiplies: float, int8 or int8 convrot.</param>
/// <param name="Elements">Elements of its weight.</param>
/// <param name="Loss">How far it takes the network's output off alone, in 8-bit integers, as a share of its length; null where no clip
/// ran it.</param>
/// <param name="RotatedLoss">The same, rotated; null where it cannot be.</param>
internal sealed record QuantizedLayerOutput(string Name, bool HighNoise, string Format, long Elements, double? Loss, double? RotatedLoss);
