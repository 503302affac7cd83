namespace WanSharp.Hosting.Outputs;

/// <summary>How the lanes of an engine spent their time.</summary>
/// <param name="BusySeconds">Computing, by stage.</param>
/// <param name="IdleSeconds">Waiting.</param>
public sealed record LanesOutput(IReadOnlyDictionary<string, double> BusySeconds, double IdleSeconds);
