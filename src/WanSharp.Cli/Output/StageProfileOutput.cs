namespace WanSharp.Cli.Output;

/// <summary>A stage against the machine's roofs.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Seconds">How long lanes worked in it.</param>
/// <param name="ExpectedSeconds">How long the machine's kernels need.</param>
/// <param name="Operations">Its operations, as counted on the graphs.</param>
/// <param name="PeakOperations">Operations that the machine's kernels reach in a second with its mix of kinds.</param>
/// <param name="Bytes">Bytes that it moves, as counted on the graphs: weights once for clips that stepped together.</param>
internal sealed record StageProfileOutput(
    string Stage,
    double Seconds,
    double ExpectedSeconds,
    double Operations,
    double PeakOperations,
    double Bytes
);
