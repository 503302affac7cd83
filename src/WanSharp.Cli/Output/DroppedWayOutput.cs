namespace WanSharp.Cli.Output;

/// <summary>A way that could not be measured.</summary>
/// <param name="Name">Its choices, in words.</param>
/// <param name="Why">Why.</param>
internal sealed record DroppedWayOutput(string Name, string Why);
