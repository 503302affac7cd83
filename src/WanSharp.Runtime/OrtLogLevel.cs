namespace WanSharp.Runtime;

/// <summary>The weight of a message of ONNX Runtime, lightest first.</summary>
public enum OrtLogLevel
{
    /// <summary>Everything, node by node.</summary>
    Verbose,

    /// <summary>What the optimizer and the allocator decided.</summary>
    Info,

    /// <summary>Something is not as wished, and the work goes on.</summary>
    Warning,

    /// <summary>A call failed; an <see cref="OrtException"/> says so too.</summary>
    Error,

    /// <summary>The library cannot go on.</summary>
    Fatal,
}
