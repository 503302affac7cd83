namespace WanSharp.Tools.Benchmarks;

/// <summary>What clips with different LoRAs cost together, measured in turn with a pass for each LoRA.</summary>
/// <param name="Together">Seconds of one pass of all clips, every second of them with its own LoRA.</param>
/// <param name="Apart">Seconds of a pass for each of the LoRAs.</param>
/// <param name="Ratio">How many times as fast the first is: the median of what each turn gave.</param>
public sealed record LoraBatchCost(Timing Together, Timing Apart, double Ratio);
