namespace WanSharp.Hosting.Outputs;

/// <summary>What is left of a batch.</summary>
/// <param name="Jobs">All jobs.</param>
/// <param name="Done">Jobs whose clip is there.</param>
/// <param name="Failed">Jobs that failed.</param>
/// <param name="Cancelled">Jobs that were given up.</param>
/// <param name="Run">Jobs to run.</param>
public sealed record RestOutput(int Jobs, int Done, int Failed, int Cancelled, int Run);
