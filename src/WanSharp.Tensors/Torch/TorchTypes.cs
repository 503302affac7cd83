namespace WanSharp.Tensors.Torch;

/// <summary>PyTorch's storage classes, and its element types.</summary>
internal static class TorchTypes
{
    private static readonly Dictionary<string, DType?> Storages = new()
    {
        ["FloatStorage"] = DType.F32,
        ["HalfStorage"] = DType.F16,
        ["BFloat16Storage"] = DType.BF16,
        ["CharStorage"] = DType.I8,
        ["ByteStorage"] = DType.U8,
        ["IntStorage"] = DType.I32,
        ["LongStorage"] = DType.I64,
        ["BoolStorage"] = DType.Bool,
        ["DoubleStorage"] = null,
        ["ShortStorage"] = null,
        ["ComplexFloatStorage"] = null,
        ["ComplexDoubleStorage"] = null,
        ["UntypedStorage"] = null,
        ["storage.UntypedStorage"] = null, // bytes of a type that is named with the tensor
    };

    private static readonly Dictionary<string, DType?> Elements = new()
    {
        ["float8_e4m3fn"] = DType.F8E4M3,
        ["float8_e5m2"] = DType.F8E5M2,
        ["float32"] = DType.F32,
        ["float16"] = DType.F16,
        ["bfloat16"] = DType.BF16,
        ["int8"] = DType.I8,
        ["uint8"] = DType.U8,
        ["int32"] = DType.I32,
        ["int64"] = DType.I64,
        ["bool"] = DType.Bool,
        ["float64"] = null,
        ["int16"] = null,
        ["uint16"] = null,
        ["uint32"] = null,
        ["uint64"] = null,
        ["float8_e4m3fnuz"] = null,
        ["float8_e5m2fnuz"] = null,
        ["float8_e8m0fnu"] = null,
        ["float4_e2m1fn_x2"] = null,
        ["complex64"] = null,
        ["complex128"] = null,
    };

    /// <summary>Whether PyTorch has such an element type.</summary>
    public static bool IsElement(string name) => Elements.ContainsKey(name);

    /// <summary>
    /// The name in safetensors of a type that no tensor here holds, and its bytes; null for types that are no usual numbers.
    /// </summary>
    public static (string Name, int Size)? NumberOf(string type) =>
        type switch
        {
            "DoubleStorage" or "float64" => ("F64", sizeof(double)),
            "ShortStorage" or "int16" => ("I16", sizeof(short)),
            "uint16" => ("U16", sizeof(ushort)),
            "uint32" => ("U32", sizeof(uint)),
            "uint64" => ("U64", sizeof(ulong)),
            _ => null,
        };

    /// <summary>The element type of a storage or of that name, or null if no tensor here holds it.</summary>
    public static DType? Find(string type) => Elements.GetValueOrDefault(type) ?? Storages.GetValueOrDefault(type);
}
