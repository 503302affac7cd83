namespace WanSharp.Tensors;

/// <summary>Facts about element types.</summary>
public static class DTypeExtensions
{
    /// <summary>The number of bytes that one element takes.</summary>
    public static int ByteSize(this DType dtype) => dtype switch
    {
        DType.F32 or DType.I32 => 4,
        DType.F16 or DType.BF16 => 2,
        DType.I64 => 8,
        _ => 1,
    };

    /// <summary>The element type that <typeparamref name="T"/> holds.</summary>
    /// <exception cref="NotSupportedException">No tensor holds <typeparamref name="T"/>.</exception>
    internal static DType Of<T>()
        where T : unmanaged
    {
        if (typeof(T) == typeof(float)) { return DType.F32; }
        if (typeof(T) == typeof(Half)) { return DType.F16; }
        if (typeof(T) == typeof(sbyte)) { return DType.I8; }
        if (typeof(T) == typeof(byte)) { return DType.U8; }
        if (typeof(T) == typeof(int)) { return DType.I32; }
        if (typeof(T) == typeof(long)) { return DType.I64; }
        if (typeof(T) == typeof(bool)) { return DType.Bool; }
        throw new NotSupportedException($"No tensor has elements of type {typeof(T)}.");
    }
}
