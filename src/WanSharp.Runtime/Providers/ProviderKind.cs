namespace WanSharp.Runtime.Providers;

/// <summary>The ways in which the C API appends an execution provider.</summary>
internal enum ProviderKind
{
    /// <summary><c>SessionOptionsAppendExecutionProvider</c>, by name.</summary>
    Named,

    /// <summary><c>SessionOptionsAppendExecutionProvider_CUDA_V2</c>.</summary>
    Cuda,

    /// <summary><c>SessionOptionsAppendExecutionProvider_TensorRT_V2</c>.</summary>
    TensorRt,

    /// <summary>Not at all: every session has it.</summary>
    None,
}
