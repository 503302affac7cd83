namespace WanSharp.Engine.Requests;

/// <summary>What computes a clip. It decides the last bits of a pixel, not what is seen.</summary>
/// <param name="Provider">ONNX Runtime's execution provider.</param>
/// <param name="Precision">What matrix products are computed in: <c>float32</c>.</param>
/// <param name="Threads">Threads that compute; null for the library's choice, one a physical core.</param>
public sealed record ExecutionSettings(string Provider, string Precision, int? Threads);
