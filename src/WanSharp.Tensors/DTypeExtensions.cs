namespace WanSharp.Tensors;

/// <summary>Facts about element types.</summary>
public static class DTypeExtensions
{
    private static readonly Dictionary<string, DType> ByName = Enum.GetValues<DType>()
        .Where(dtype => dtype.BlockLength() == 1)
        .ToDictionary(Name);

    /// <summary>The number of elements that are stored together: 1, but 32 or 256 for GGUF's block types.</summary>
    public static int BlockLength(this DType dtype) =>
        dtype switch
        {
            >= DType.Q2K => 256,
            >= DType.Q80 => 32,
            _ => 1,
        };

    /// <summary>The number of bytes that one block takes, which for most types is one element.</summary>
    /// <remarks>Blocks: ggml-org/ggml:src/ggml-common.h.</remarks>
    public static int ByteSize(this DType dtype) =>
        dtype switch
        {
            DType.F32 or DType.I32 => 4,
            DType.F16 or DType.BF16 => 2,
            DType.I64 => 8,
            DType.Q80 => 34,
            DType.Q40 => 18,
            DType.Q41 => 20,
            DType.Q50 => 22,
            DType.Q51 => 24,
            DType.Q2K => 84,
            DType.Q3K => 110,
            DType.Q4K => 144,
            DType.Q5K => 176,
            DType.Q6K => 210,
            _ => 1,
        };

    /// <summary>The number of bytes that a number of elements takes.</summary>
    /// <exception cref="ArgumentException">They do not fill whole blocks.</exception>
    /// <exception cref="OverflowException">More than 2⁶³−1 bytes.</exception>
    public static long ByteLength(this DType dtype, long elements) =>
        elements % dtype.BlockLength() == 0
            ? checked(elements / dtype.BlockLength() * dtype.ByteSize())
            : throw new ArgumentException(
                $"{elements} elements do not fill blocks of {dtype.BlockLength()}, in which {dtype.Name()} stores them.",
                nameof(elements)
            );

    /// <summary>The name in safetensors headers, such as <c>F8_E4M3</c>, or in GGUF's documents, such as <c>Q4_K</c>.</summary>
    public static string Name(this DType dtype) =>
        dtype switch
        {
            DType.F8E4M3 => "F8_E4M3",
            DType.F8E5M2 => "F8_E5M2",
            DType.Bool => "BOOL",
            >= DType.Q2K => $"{dtype.ToString()[..^1]}_K",
            >= DType.Q80 => dtype.ToString().Insert(2, "_"),
            _ => dtype.ToString(),
        };

    /// <summary>Finds the element type that a safetensors header calls <paramref name="name"/>.</summary>
    /// <returns>False if no tensor here holds that type.</returns>
    public static bool TryParse(string name, out DType dtype) => ByName.TryGetValue(name, out dtype);

    /// <summary>The element type that <typeparamref name="T"/> holds.</summary>
    /// <exception cref="NotSupportedException">No tensor holds <typeparamref name="T"/>.</exception>
    internal static DType Of<T>()
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            return DType.F32;
        }
        if (typeof(T) == typeof(Half))
        {
            return DType.F16;
        }
        if (typeof(T) == typeof(BFloat16))
        {
            return DType.BF16;
        }
        if (typeof(T) == typeof(Float8E4M3))
        {
            return DType.F8E4M3;
        }
        if (typeof(T) == typeof(Float8E5M2))
        {
            return DType.F8E5M2;
        }
        if (typeof(T) == typeof(sbyte))
        {
            return DType.I8;
        }
        if (typeof(T) == typeof(byte))
        {
            return DType.U8;
        }
        if (typeof(T) == typeof(int))
        {
            return DType.I32;
        }
        if (typeof(T) == typeof(long))
        {
            return DType.I64;
        }
        if (typeof(T) == typeof(bool))
        {
            return DType.Bool;
        }
        throw new NotSupportedException($"No tensor has elements of type {typeof(T)}.");
    }
}
