using WanSharp.Tensors;

namespace WanSharp.Engine;

/// <summary>What was measured about clips of one shape that share denoise steps.</summary>
/// <param name="Latents">The latents of each clip, <c>[1, channels, frames, height, width]</c>.</param>
/// <param name="Limit">The most clips that share a step at present.</param>
/// <param name="Reason">Why it is not more; null while it is still being measured.</param>
public sealed record BatchFinding(Shape Latents, int Limit, string? Reason);
