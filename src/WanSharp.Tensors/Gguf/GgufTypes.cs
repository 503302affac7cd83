namespace WanSharp.Tensors.Gguf;

/// <summary>The numbers of element types in GGUF files.</summary>
/// <remarks>Source: ggml-org/ggml:include/ggml.h, <c>enum ggml_type</c>.</remarks>
internal static class GgufTypes
{
    /// <summary>The element type, or null if no tensor here holds it.</summary>
    public static DType? Find(uint type) => type switch
    {
        0 => DType.F32,
        1 => DType.F16,
        2 => DType.Q40,
        3 => DType.Q41,
        6 => DType.Q50,
        7 => DType.Q51,
        8 => DType.Q80,
        10 => DType.Q2K,
        11 => DType.Q3K,
        12 => DType.Q4K,
        13 => DType.Q5K,
        14 => DType.Q6K,
        24 => DType.I8,
        26 => DType.I32,
        27 => DType.I64,
        30 => DType.BF16,
        _ => null,
    };

    /// <summary>The name of a type that is not supported.</summary>
    public static string Name(uint type) => type switch
    {
        9 => "Q8_1",
        15 => "Q8_K",
        16 => "IQ2_XXS",
        17 => "IQ2_XS",
        18 => "IQ3_XXS",
        19 => "IQ1_S",
        20 => "IQ4_NL",
        21 => "IQ3_S",
        22 => "IQ2_S",
        23 => "IQ4_XS",
        25 => "I16",
        28 => "F64",
        29 => "IQ1_M",
        _ => $"GGUF type {type}",
    };
}
