namespace WanSharp.Graphs;

/// <summary>Which ONNX operators a logical operation becomes. Both give the same numbers, up to rounding.</summary>
public enum Lowering
{
    /// <summary>ONNX Runtime's own fused operators (domain <c>com.microsoft</c>): fastest on CPU, CUDA and WebGPU.</summary>
    Fused,

    /// <summary>Operators of ONNX opset 17 alone: for TensorRT, for other runtimes and for the ONNX checker.</summary>
    Plain,
}
