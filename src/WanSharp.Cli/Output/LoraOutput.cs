namespace WanSharp.Cli.Output;

/// <summary>What <c>wan bench lora</c> prints; seconds are medians, and what was not measured is null.</summary>
/// <param name="StepSeconds">A forward pass without LoRAs.</param>
/// <param name="UnmergedStepSeconds">One with a LoRA of every linear layer.</param>
/// <param name="UnmergedRatio">The second as a multiple of the first.</param>
/// <param name="FirstStepSeconds">A prompt's keys and its first pass with a LoRA that was used before.</param>
/// <param name="AfterChangeSeconds">The same with a LoRA that is new.</param>
/// <param name="CompiledByChange">Graphs that these changes compiled.</param>
/// <param name="TogetherSeconds">8 clips of the Shapes network with 4 LoRAs in one pass.</param>
/// <param name="ApartSeconds">The same in a pass for each LoRA.</param>
/// <param name="TogetherRatio">How many times as fast the first is, the median of all turns.</param>
/// <param name="MergeSeconds">The merge of a LoRA.</param>
/// <param name="MergeProcessorSeconds">Seconds of all processors in that time.</param>
/// <param name="MergePrivateBytes">By how much it raised the private memory at most.</param>
/// <param name="CachedMergeSeconds">Opening the merged weights again.</param>
/// <param name="Runs">Timed steps of each kind.</param>
internal sealed record LoraOutput(
    double? StepSeconds,
    double? UnmergedStepSeconds,
    double? UnmergedRatio,
    double? FirstStepSeconds,
    double? AfterChangeSeconds,
    long? CompiledByChange,
    double? TogetherSeconds,
    double? ApartSeconds,
    double? TogetherRatio,
    double? MergeSeconds,
    double? MergeProcessorSeconds,
    long? MergePrivateBytes,
    double? CachedMergeSeconds,
    int? Runs
);
