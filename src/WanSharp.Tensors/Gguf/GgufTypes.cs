namespace WanSharp.Tensors.Gguf;

/// <summary>The numbers of element types in GGUF files.</summary>
/// <remarks>Source: ggml-org/ggml:include/ggml.h, <c>enum ggml_type</c>.</remarks>
internal static class GgufTypes
{
    /// <summary>Types that no tensor here holds, and how many bytes a block of this many elements takes.</summary>
    private static readonly Dictionary<uint, (string Name, int BlockLength, int Bytes)> Others = new()
    {
        [9] = ("Q8_1", 32, 36),
        [15] = ("Q8_K", 256, 292),
        [16] = ("IQ2_XXS", 256, 66),
        [17] = ("IQ2_XS", 256, 74),
        [18] = ("IQ3_XXS", 256, 98),
        [19] = ("IQ1_S", 256, 50),
        [20] = ("IQ4_NL", 32, 18),
        [21] = ("IQ3_S", 256, 110),
        [22] = ("IQ2_S", 256, 82),
        [23] = ("IQ4_XS", 256, 136),
        [25] = ("I16", 1, 2),
        [28] = ("F64", 1, 8),
        [29] = ("IQ1_M", 256, 56),
        [34] = ("TQ1_0", 256, 54),
        [35] = ("TQ2_0", 256, 66),
        [39] = ("MXFP4", 32, 17),
    };

    /// <summary>The element type, or null if no tensor here holds it.</summary>
    public static DType? Find(uint type) =>
        type switch
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
    public static string Name(uint type) => Others.TryGetValue(type, out var other) ? other.Name : $"GGUF type {type}";

    /// <summary>The bytes that a tensor takes, or null for a type that is not known.</summary>
    /// <param name="type">The type.</param>
    /// <param name="dims">The dimensions.</param>
    public static Int128? ByteLength(uint type, IReadOnlyList<long> dims)
    {
        var (length, bytes) =
            Find(type) is { } dtype ? (dtype.BlockLength(), dtype.ByteSize())
            : Others.TryGetValue(type, out var other) ? (other.BlockLength, other.Bytes)
            : default;
        if (length == 0)
        {
            return null;
        }

        Int128 elements = 1;
        foreach (var dim in dims)
        {
            elements *= dim;
            if (elements > long.MaxValue)
            {
                return null; // refused with its shape
            }
        }

        return elements / length * bytes;
    }
}
