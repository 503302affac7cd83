namespace WanSharp.Tools.Benchmarks;

/// <summary>What changing from one of two experts to the other costs. Times are in seconds, memory in bytes.</summary>
/// <param name="Workload">What was measured: shape, size, the weights' type.</param>
/// <param name="Step">A step that follows one of the same expert.</param>
/// <param name="SwitchStep">A step that follows one of the other expert: it gives the other's memory back, and makes the text's keys
/// and values anew.</param>
/// <param name="CheckpointBytes">Bytes of each expert's file.</param>
/// <param name="PeakPrivateBytes">Largest private memory; null where the system does not tell.</param>
public sealed record ExpertReport(string Workload, Timing Step, Timing SwitchStep, long CheckpointBytes, long? PeakPrivateBytes)
{
    /// <summary>The cost of a change, as a share of a step, by the medians.</summary>
    public double SwitchShare => (SwitchStep.Median - Step.Median) / Step.Median;
}
