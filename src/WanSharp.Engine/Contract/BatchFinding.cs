using WanSharp.Tensors;

namespace WanSharp.Engine;

/// <summary>How many clips of one shape step together.</summary>
/// <param name="Latents">The latents of each clip, <c>[1, channels, frames, height, width]</c>.</param>
/// <param name="Limit">The most that step together now.</param>
/// <param name="Reason">Why not more; null while that is being measured.</param>
public sealed record BatchFinding(Shape Latents, int Limit, string? Reason);
