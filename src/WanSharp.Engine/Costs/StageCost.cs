namespace WanSharp.Engine.Costs;

/// <summary>What a stage costs on a machine.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Operations">Operations of matrix products, attention and convolutions.</param>
/// <param name="Bytes">Bytes that it reads and writes: weights, and what the other operators move.</param>
/// <param name="Seconds">The time that it is expected to take.</param>
public sealed record StageCost(PlanStage Stage, double Operations, double Bytes, double Seconds)
{
    /// <summary>The bytes that are weights: clips that step together read them once.</summary>
    public double WeightBytes { get; init; }

    /// <summary>The time of its operations alone, each at the rate of its kind.</summary>
    public double OperationSeconds { get; init; }
}
