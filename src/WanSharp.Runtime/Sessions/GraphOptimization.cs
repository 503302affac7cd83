namespace WanSharp.Runtime;

/// <summary>How far ONNX Runtime rewrites a graph. Numbers: <c>GraphOptimizationLevel</c> of its C header.</summary>
public enum GraphOptimization
{
    /// <summary>The graph runs as it was written.</summary>
    None = 0,

    /// <summary>Only what changes no number: constants are folded, dead nodes removed.</summary>
    Basic = 1,

    /// <summary>Operators are fused, too.</summary>
    Extended = 2,

    /// <summary>Memory layouts are chosen, too.</summary>
    All = 99,
}
