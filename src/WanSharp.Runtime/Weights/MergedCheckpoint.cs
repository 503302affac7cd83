using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>A checkpoint some of whose weights are replaced, together with the scales and notes that they had.</summary>
/// <param name="stored">The checkpoint; it stays its owner's.</param>
/// <param name="merged">What replaces weights of it; disposed with this one.</param>
internal sealed class MergedCheckpoint(ICheckpoint stored, PreparedTensors merged) : ICheckpoint
{
    /// <inheritdoc/>
    public string Path => stored.Path;

    /// <inheritdoc/>
    public IReadOnlyList<string> Files => stored.Files;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; } = Replaced(stored, merged);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Unsupported => stored.Unsupported;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => stored.Metadata;

    /// <inheritdoc/>
    public void Dispose() => merged.Dispose();

    private static Dictionary<string, Tensor> Replaced(ICheckpoint stored, PreparedTensors merged)
    {
        var tensors = stored.Tensors.ToDictionary(StringComparer.Ordinal);
        foreach (var (name, tensor) in merged.Tensors)
        {
            tensors[name] = tensor;
            if (name.EndsWith(WeightScale.WeightSuffix, StringComparison.Ordinal))
            {
                var layer = name[..^WeightScale.WeightSuffix.Length];
                foreach (var suffix in WeightScale.Suffixes.Append(QuantizationNote.Suffix))
                {
                    tensors.Remove(layer + suffix);
                }
            }
        }

        return tensors;
    }
}
