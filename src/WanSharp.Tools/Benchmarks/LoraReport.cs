namespace WanSharp.Tools.Benchmarks;

/// <summary>What LoRAs cost; null for what was not measured.</summary>
/// <param name="Step">In a step.</param>
/// <param name="Batch">In a batch of clips with different ones.</param>
/// <param name="Merge">Merged.</param>
public sealed record LoraReport(LoraStepCost? Step, LoraBatchCost? Batch, LoraMergeCost? Merge);
