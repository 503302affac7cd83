using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Engine.Costs;

/// <summary>What a stage has to compute, whatever the machine.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Work">Operations and bytes, of all its runs.</param>
/// <param name="Widened">Weights that are converted to the graph's type on the way, by their type on disk: elements, of all its
/// runs.</param>
internal sealed record StageWork(PlanStage Stage, GraphWork Work, IReadOnlyDictionary<DType, double> Widened)
{
    /// <summary>The time that it takes on a machine.</summary>
    public double SecondsOn(Calibration machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        var computing = OperationSecondsOn(machine) + (Work.WeightBytes / machine.WeightBytes) + (Work.MovedBytes / machine.MovedBytes);

        // One thread widens the next block's weights while a block runs: it takes its share of the processors, and a block
        // cannot be done before the next one's weights are there.
        var widening = Widened.Sum(weights => weights.Value / machine.Widened[weights.Key]);
        return Math.Max(computing + (widening / Math.Max(1, machine.Threads)), widening);
    }

    /// <summary>The time of its operations alone.</summary>
    public double OperationSecondsOn(Calibration machine) =>
        (Work.Products / machine.Products)
        + (Work.IntegerProducts / machine.IntegerProducts)
        + (Work.Attention / machine.Attention)
        + (Work.Convolutions / machine.Convolutions);
}
