namespace WanSharp.Runtime;

/// <summary>How far ONNX Runtime rewrites a graph. Numbers: <c>GraphOptimizationLevel</c> of its C header.</summary>
public enum GraphOptimization
{
    /// <summary>As it was written.</summary>
    None = 0,

    /// <summary>What changes no number: constants folded, dead nodes removed.</summary>
    Basic = 1,

    /// <summary>Fused operators too.</summary>
    Extended = 2,

    /// <summary>Memory layouts too.</summary>
    All = 99,
}
