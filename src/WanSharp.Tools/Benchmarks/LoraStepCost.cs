namespace WanSharp.Tools.Benchmarks;

/// <summary>What a LoRA costs a step, measured in turn with a step without it.</summary>
/// <param name="Plain">Seconds of a forward pass without LoRAs.</param>
/// <param name="Adapted">Seconds of one with a LoRA of every linear layer.</param>
/// <param name="AfterChange">Seconds of the first pass after the LoRA was changed for another.</param>
/// <param name="CompiledByChange">Graphs that these changes compiled.</param>
public sealed record LoraStepCost(Timing Plain, Timing Adapted, Timing AfterChange, long CompiledByChange);
