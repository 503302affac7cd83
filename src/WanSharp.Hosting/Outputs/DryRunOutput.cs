namespace WanSharp.Hosting.Outputs;

/// <summary>What a batch would do.</summary>
/// <param name="Jobs">All jobs.</param>
/// <param name="Done">Jobs whose clip is there.</param>
/// <param name="Taken">Jobs whose place another file has.</param>
/// <param name="Cached">Jobs whose clip is in the cache.</param>
/// <param name="Equal">Jobs that are equal to another one.</param>
/// <param name="Run">Jobs to run.</param>
/// <param name="Similar">Of these, jobs that would begin with steps of similar clips.</param>
/// <param name="Seconds">The predicted time, one after the other; null where it is not known.</param>
/// <param name="Outputs">Each job.</param>
public sealed record DryRunOutput(
    int Jobs,
    int Done,
    int Taken,
    int Cached,
    int Equal,
    int Run,
    int Similar,
    double? Seconds,
    IReadOnlyList<DryRunJobOutput> Outputs
);
