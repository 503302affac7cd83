namespace WanSharp.Cli.Output;

/// <summary><c>wan bench experts</c>.</summary>
/// <param name="Workload">What was measured.</param>
/// <param name="StepSeconds">A step after one of the same expert.</param>
/// <param name="SwitchStepSeconds">A step after one of the other.</param>
/// <param name="SwitchShare">What that takes more, as a share.</param>
/// <param name="Runs">Runs.</param>
/// <param name="CheckpointBytes">The size of an expert.</param>
/// <param name="PeakPrivateBytes">The most private memory; null where it is not known.</param>
internal sealed record ExpertsOutput(
    string Workload,
    double StepSeconds,
    double SwitchStepSeconds,
    double SwitchShare,
    int Runs,
    long CheckpointBytes,
    long? PeakPrivateBytes
);
