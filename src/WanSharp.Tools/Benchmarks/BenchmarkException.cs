namespace WanSharp.Tools.Benchmarks;

/// <summary>A benchmark that cannot be run as asked; the message says why, and the way out.</summary>
/// <param name="message">What, where, the way out.</param>
/// <param name="innerException">What was behind it.</param>
public sealed class BenchmarkException(string message, Exception? innerException = null) : Exception(message, innerException);
