namespace WanSharp.Tools.Quantize;

/// <summary>A layer of one of a model's transformers.</summary>
/// <param name="IsHighNoise">Whether it is the high-noise expert's, of a model that has two.</param>
/// <param name="Name">Its name in the checkpoint, such as <c>blocks.3.ffn.0</c>.</param>
public readonly record struct LayerName(bool IsHighNoise, string Name)
{
    private const string HighNoise = "high-noise ";

    /// <inheritdoc/>
    public override string ToString() => (IsHighNoise ? HighNoise : "") + Name;
}
