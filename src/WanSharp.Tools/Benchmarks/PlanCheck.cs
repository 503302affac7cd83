using WanSharp.Engine.Costs;

namespace WanSharp.Tools.Benchmarks;

/// <summary>A stage as it was predicted and as it was.</summary>
/// <param name="Stage">The stage: for <see cref="PlanStage.Denoise"/> one branch of one step.</param>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Frames">Frames of video.</param>
/// <param name="Predicted">The time predicted, in seconds.</param>
/// <param name="Measured">The time measured, in seconds.</param>
public sealed record PlanCheck(PlanStage Stage, int Width, int Height, int Frames, double Predicted, double Measured)
{
    /// <summary>The prediction as a multiple of what was measured.</summary>
    public double Ratio => Predicted / Measured;
}
