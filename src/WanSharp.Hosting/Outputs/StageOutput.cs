namespace WanSharp.Hosting.Outputs;

/// <summary>What a stage of a clip costs.</summary>
/// <param name="Stage">Its name.</param>
/// <param name="Operations">Floating-point operations.</param>
/// <param name="Bytes">Bytes moved.</param>
/// <param name="Seconds">The predicted time.</param>
public sealed record StageOutput(string Stage, double Operations, double Bytes, double Seconds);
