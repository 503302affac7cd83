namespace WanSharp.Runtime;

/// <summary>A call into ONNX Runtime failed. The message names the call and the graph, and quotes the library.</summary>
/// <param name="code">The kind of failure.</param>
/// <param name="message">What failed.</param>
public sealed class OrtException(OrtErrorCode code, string message) : Exception(message)
{
    /// <summary>The kind of failure.</summary>
    public OrtErrorCode Code { get; } = code;
}
