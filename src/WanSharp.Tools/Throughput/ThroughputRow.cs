namespace WanSharp.Tools.Throughput;

/// <summary>What a mode took for a workload.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="Mode">The mode.</param>
/// <param name="Clips">How many clips were made.</param>
/// <param name="Seconds">From the beginning of the first process, or the opening of the model, to the last file.</param>
/// <param name="ComputeSeconds">The sum of what the stages computed; null where several compute at a time, or processes do not
/// tell.</param>
/// <param name="LeastSsim">The least similarity of a clip to the serial row's.</param>
public sealed record ThroughputRow(string Workload, string Mode, int Clips, double Seconds, double? ComputeSeconds, double LeastSsim)
{
    /// <summary>Seconds per clip, everything included.</summary>
    public double SecondsPerClip => Seconds / Clips;

    /// <summary>What is not computation, in parts of it.</summary>
    public double? Overhead => ComputeSeconds is > 0 and var compute ? (Seconds / compute) - 1 : null;
}
