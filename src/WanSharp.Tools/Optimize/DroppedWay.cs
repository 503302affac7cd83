namespace WanSharp.Tools.Optimize;

/// <summary>A way that was not measured.</summary>
/// <param name="Name">Its choices, in words.</param>
/// <param name="Why">Why: the model makes no such clips, or they cannot be compared with its own.</param>
public sealed record DroppedWay(string Name, string Why);
