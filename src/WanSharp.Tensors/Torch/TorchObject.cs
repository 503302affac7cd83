namespace WanSharp.Tensors.Torch;

/// <summary>What a function would make that is not called, for it is not known.</summary>
/// <param name="name">The function.</param>
internal sealed class TorchObject(string name)
{
    /// <summary>The function.</summary>
    public string Name => name;

    /// <summary>Whether a tensor went into it.</summary>
    public bool HasTensor { get; set; }
}
