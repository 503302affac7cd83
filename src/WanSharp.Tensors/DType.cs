namespace WanSharp.Tensors;

/// <summary>
/// The element type of a tensor, named as in safetensors headers. The last ones are GGUF's: they store elements in blocks,
/// so such a tensor is read by converting it, and cut only between blocks.
/// </summary>
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

    /// <summary>GGUF's Q8_0: 32 elements of 8 bits and a scale.</summary>
    Q80,

    /// <summary>GGUF's Q4_0: 32 elements of 4 bits and a scale.</summary>
    Q40,

    /// <summary>GGUF's Q4_1: 32 elements of 4 bits, a scale and a minimum.</summary>
    Q41,

    /// <summary>GGUF's Q5_0: 32 elements of 5 bits and a scale.</summary>
    Q50,

    /// <summary>GGUF's Q5_1: 32 elements of 5 bits, a scale and a minimum.</summary>
    Q51,

    /// <summary>GGUF's Q2_K: 256 elements of 2 bits, a scale and a minimum for every 16.</summary>
    Q2K,

    /// <summary>GGUF's Q3_K: 256 elements of 3 bits, a scale for every 16.</summary>
    Q3K,

    /// <summary>GGUF's Q4_K: 256 elements of 4 bits, a scale and a minimum for every 32.</summary>
    Q4K,

    /// <summary>GGUF's Q5_K: 256 elements of 5 bits, a scale and a minimum for every 32.</summary>
    Q5K,

    /// <summary>GGUF's Q6_K: 256 elements of 6 bits, a scale for every 16.</summary>
    Q6K,
}
