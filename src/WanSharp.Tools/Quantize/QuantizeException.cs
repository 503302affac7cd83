namespace WanSharp.Tools.Quantize;

/// <summary>A model cannot be quantized as was asked; the message says why, and the way out.</summary>
public sealed class QuantizeException(string message) : Exception(message);
