namespace WanSharp.Tensors.Torch;

/// <summary>PyTorch's storage classes.</summary>
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
    };

    /// <summary>Whether PyTorch has such a storage.</summary>
    public static bool IsStorage(string name) => Storages.ContainsKey(name);

    /// <summary>The element type of a storage, or null if no tensor here holds it.</summary>
    public static DType? Find(string storage) => Storages[storage];
}
