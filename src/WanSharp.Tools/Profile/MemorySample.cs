namespace WanSharp.Tools.Profile;

/// <summary>Memory at a time.</summary>
/// <param name="Seconds">Seconds from the beginning.</param>
/// <param name="Process">Bytes of the process that are in memory, mapped files included.</param>
/// <param name="Library">Bytes that ONNX Runtime holds for activations and packed weights.</param>
public sealed record MemorySample(double Seconds, long Process, long Library);
