namespace WanSharp.Engine.Requests;

/// <summary>What computed a clip. With <c>fp32</c> it affects the last bits of pixels, not what the clip shows.</summary>
/// <param name="Provider">ONNX Runtime's execution provider.</param>
/// <param name="Precision">The number format of the transformer's blocks, by the names of <see cref="Runtime.Precision"/>;
/// <c>float32</c> in older clips is <c>fp32</c>.</param>
/// <param name="Threads">The number of threads; null for ONNX Runtime's choice, one per physical core.</param>
public sealed record ExecutionSettings(string Provider, string Precision, int? Threads);
