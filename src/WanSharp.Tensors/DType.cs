namespace WanSharp.Tensors;

/// <summary>The element type of a tensor, named as in safetensors headers.</summary>
public enum DType
{
    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>bfloat16: the upper half of an <see cref="F32"/>.</summary>
    BF16,

    /// <summary>8-bit float, 4 exponent and 3 mantissa bits, no infinities (the "fn" kind).</summary>
    F8E4M3,

    /// <summary>8-bit float, 5 exponent and 2 mantissa bits, with infinities.</summary>
    F8E5M2,

    /// <summary>Signed 8-bit integer.</summary>
    I8,

    /// <summary>Unsigned 8-bit integer.</summary>
    U8,

    /// <summary>Signed 32-bit integer.</summary>
    I32,

    /// <summary>Signed 64-bit integer.</summary>
    I64,

    /// <summary>One byte, 0 or 1.</summary>
    Bool,
}
