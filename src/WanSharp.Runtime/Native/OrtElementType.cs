using WanSharp.Tensors;

namespace WanSharp.Runtime.Native;

/// <summary>
/// <c>ONNXTensorElementDataType</c>: the element types that tensors here can have.
/// Numbers: microsoft/onnxruntime:include/onnxruntime/core/session/onnxruntime_c_api.h.
/// </summary>
internal enum OrtElementType
{
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
    BFloat16 = 16,
    Float8E4M3 = 17,
    Float8E5M2 = 19,
}

/// <summary>The two names of an element type.</summary>
internal static class OrtElementTypeExtensions
{
    public static OrtElementType ToOrt(this DType dtype) =>
        dtype switch
        {
            DType.F32 => OrtElementType.Float,
            DType.F16 => OrtElementType.Float16,
            DType.BF16 => OrtElementType.BFloat16,
            DType.F8E4M3 => OrtElementType.Float8E4M3,
            DType.F8E5M2 => OrtElementType.Float8E5M2,
            DType.I8 => OrtElementType.Int8,
            DType.U8 => OrtElementType.UInt8,
            DType.I32 => OrtElementType.Int32,
            DType.I64 => OrtElementType.Int64,
            DType.Bool => OrtElementType.Bool,
            _ => throw new NotSupportedException($"ONNX Runtime has no element type {dtype}."),
        };

    public static DType ToDType(this OrtElementType type) =>
        type switch
        {
            OrtElementType.Float => DType.F32,
            OrtElementType.Float16 => DType.F16,
            OrtElementType.BFloat16 => DType.BF16,
            OrtElementType.Float8E4M3 => DType.F8E4M3,
            OrtElementType.Float8E5M2 => DType.F8E5M2,
            OrtElementType.Int8 => DType.I8,
            OrtElementType.UInt8 => DType.U8,
            OrtElementType.Int32 => DType.I32,
            OrtElementType.Int64 => DType.I64,
            OrtElementType.Bool => DType.Bool,
            _ => throw new NotSupportedException($"Tensors have no element type for ONNX's number {(int)type}."),
        };
}
