namespace WanSharp.Cli.Output;

/// <summary>A workload in a mode.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="Mode">The mode.</param>
/// <param name="Clips">Clips made.</param>
/// <param name="Seconds">The time.</param>
/// <param name="SecondsPerClip">The time per clip.</param>
/// <param name="SpeedUp">How much faster than the first mode.</param>
/// <param name="Overhead">What is spent beyond computing, as a share; null where it is not known.</param>
/// <param name="LeastSsim">The least likeness to the first mode's clips.</param>
internal sealed record ThroughputRowOutput(
    string Workload,
    string Mode,
    int Clips,
    double Seconds,
    double SecondsPerClip,
    double SpeedUp,
    double? Overhead,
    double LeastSsim
);
