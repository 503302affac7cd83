namespace WanSharp.Tools.Benchmarks;

/// <summary>What a LoRA costs a step, measured in turn with a step without it.</summary>
/// <param name="Plain">Seconds of a forward pass without LoRAs.</param>
/// <param name="Adapted">Seconds of one with a LoRA of every linear layer.</param>
/// <param name="Ratio">How many times as long the second takes: the median of what each turn gave.</param>
/// <param name="First">Seconds of a prompt's keys and its first pass, with a LoRA that was used before.</param>
/// <param name="AfterChange">The same with a LoRA that is new.</param>
/// <param name="ChangeRatio">How many times as long that takes, likewise.</param>
/// <param name="CompiledByChange">Graphs that these changes compiled.</param>
public sealed record LoraStepCost(
    Timing Plain,
    Timing Adapted,
    double Ratio,
    Timing First,
    Timing AfterChange,
    double ChangeRatio,
    long CompiledByChange
);
