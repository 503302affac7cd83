namespace WanSharp.Runtime;

/// <summary>The severity of a message of ONNX Runtime, lowest first.</summary>
public enum OrtLogLevel
{
    /// <summary>Everything, node by node.</summary>
    Verbose,

    /// <summary>What the optimizer and the allocator decided.</summary>
    Info,

    /// <summary>A warning: something unexpected happened, and execution continues.</summary>
    Warning,

    /// <summary>A call failed; an <see cref="OrtException"/> says so too.</summary>
    Error,

    /// <summary>The library cannot go on.</summary>
    Fatal,
}
