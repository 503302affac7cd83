namespace WanSharp.Tools.Benchmarks;

/// <summary>What LoRAs cost, measured in turn with the same without them.</summary>
/// <param name="Plain">Seconds of a forward pass without LoRAs.</param>
/// <param name="Adapted">Seconds of one with a LoRA of every linear layer.</param>
/// <param name="AfterChange">Seconds of the first pass after the LoRA was changed for another.</param>
/// <param name="CompiledByChange">Graphs that these changes compiled.</param>
/// <param name="Together">Seconds of one pass of all clips, every fourth of them with its own LoRA.</param>
/// <param name="Apart">Seconds of a pass for each of the LoRAs.</param>
/// <param name="MergeSeconds">Seconds that the merge of a LoRA took.</param>
/// <param name="MergePrivateBytes">By how much it raised the process's private memory at most; null where that is not known.</param>
/// <param name="CachedSeconds">Seconds that it took to open the merged weights again.</param>
public sealed record LoraReport(
    Timing Plain,
    Timing Adapted,
    Timing AfterChange,
    long CompiledByChange,
    Timing Together,
    Timing Apart,
    double MergeSeconds,
    long? MergePrivateBytes,
    double CachedSeconds
);
