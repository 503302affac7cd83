namespace WanSharp.Tools.Quantize;

/// <summary>A clip of the quantized model, next to that of the model as it was.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Loss">1 − SSIM.</param>
/// <param name="IsHeldBack">Whether it judged what the others had chosen.</param>
public sealed record QuantizedClip(string Prompt, ulong Seed, double Loss, bool IsHeldBack);
