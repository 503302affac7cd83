using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>A checkpoint, and tensors made from it under names of their own.</summary>
/// <param name="stored">The checkpoint; it stays its owner's.</param>
/// <param name="prepared">What was made; disposed with this one.</param>
internal sealed class PreparedCheckpoint(ICheckpoint stored, PreparedTensors prepared) : ICheckpoint
{
    /// <inheritdoc/>
    public string Path => stored.Path;

    /// <inheritdoc/>
    public IReadOnlyList<string> Files => stored.Files;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; } =
        stored.Tensors.Concat(prepared.Tensors).ToDictionary(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Unsupported => stored.Unsupported;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => stored.Metadata;

    /// <inheritdoc/>
    public void Dispose() => prepared.Dispose();
}
