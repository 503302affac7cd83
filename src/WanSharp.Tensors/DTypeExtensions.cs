namespace WanSharp.Tensors;

/// <summary>Facts about element types.</summary>
public static class DTypeExtensions
{
    private static readonly Dictionary<string, DType> ByName = Enum.GetValues<DType>().ToDictionary(Name);

    /// <summary>The number of bytes that one element takes.</summary>
    public static int ByteSize(this DType dtype) => dtype switch
    {
        DType.F32 or DType.I32 => 4,
        DType.F16 or DType.BF16 => 2,
        DType.I64 => 8,
        _ => 1,
    };

    /// <summary>The name in safetensors headers, such as <c>F8_E4M3</c>.</summary>
    public static string Name(this DType dtype) => dtype switch
    {
        DType.F8E4M3 => "F8_E4M3",
        DType.F8E5M2 => "F8_E5M2",
        DType.Bool => "BOOL",
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
        if (typeof(T) == typeof(float)) { return DType.F32; }
        if (typeof(T) == typeof(Half)) { return DType.F16; }
        if (typeof(T) == typeof(BFloat16)) { return DType.BF16; }
        if (typeof(T) == typeof(Float8E4M3)) { return DType.F8E4M3; }
        if (typeof(T) == typeof(Float8E5M2)) { return DType.F8E5M2; }
        if (typeof(T) == typeof(sbyte)) { return DType.I8; }
        if (typeof(T) == typeof(byte)) { return DType.U8; }
        if (typeof(T) == typeof(int)) { return DType.I32; }
        if (typeof(T) == typeof(long)) { return DType.I64; }
        if (typeof(T) == typeof(bool)) { return DType.Bool; }
        throw new NotSupportedException($"No tensor has elements of type {typeof(T)}.");
    }
}
