namespace WanSharp.Tensors.Torch;

/// <summary>A tensor as a pickle describes it: a window into a storage.</summary>
/// <param name="Storage">Where the elements are.</param>
/// <param name="Offset">The first element's position in the storage.</param>
/// <param name="Dims">The dimensions, outermost first.</param>
/// <param name="Strides">How many elements of the storage a step in each dimension goes over.</param>
internal sealed record TorchTensor(TorchStorage Storage, long Offset, long[] Dims, long[] Strides)
{
    /// <summary>The element type where the storage, of bytes, does not say it.</summary>
    public string? Type { get; init; }
}

/// <summary>A run of elements in an entry of the archive.</summary>
/// <param name="Type">The name of the storage's class, such as <c>BFloat16Storage</c>.</param>
/// <param name="Key">The entry's name below <c>data/</c>.</param>
/// <param name="Length">Its number of elements; of bytes in an untyped one.</param>
internal sealed record TorchStorage(string Type, string Key, long Length);
