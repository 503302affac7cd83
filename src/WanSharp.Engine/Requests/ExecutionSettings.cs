namespace WanSharp.Engine.Requests;

/// <summary>What computes a clip. With <c>fp32</c> it decides the last bits of a pixel, not what is seen.</summary>
/// <param name="Provider">ONNX Runtime's execution provider.</param>
/// <param name="Precision">What the transformer's blocks multiply, by the names of <see cref="Requests.Precision"/>; <c>float32</c> in
/// older clips is <c>fp32</c>.</param>
/// <param name="Threads">Threads that compute; null for the library's choice, one per physical core.</param>
public sealed record ExecutionSettings(string Provider, string Precision, int? Threads);
