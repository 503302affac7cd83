namespace WanSharp.Hosting.Outputs;

/// <summary>The times of a transformer block, over all its runs.</summary>
/// <param name="WaitSeconds">How long it waited for its weights.</param>
/// <param name="ComputeSeconds">How long it computed.</param>
public sealed record BlockOutput(double WaitSeconds, double ComputeSeconds);
