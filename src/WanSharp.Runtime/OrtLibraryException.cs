namespace WanSharp.Runtime;

/// <summary>
/// No usable ONNX Runtime library: missing, of another kind or machine, or too old. The message says which file, and what is
/// needed.
/// </summary>
/// <param name="message">What is wrong with which file.</param>
/// <param name="innerException">What the system said.</param>
public sealed class OrtLibraryException(string message, Exception? innerException = null) : Exception(message, innerException);
