namespace WanSharp.Cli.Output;

/// <summary>A prediction of <c>wan plan</c>, and what was measured.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Clip">The clip: <c>256x256x17</c>.</param>
/// <param name="PredictedSeconds">Predicted.</param>
/// <param name="MeasuredSeconds">Measured.</param>
/// <param name="Ratio">Predicted by measured.</param>
internal sealed record PlanCheckOutput(string Stage, string Clip, double PredictedSeconds, double MeasuredSeconds, double Ratio);
