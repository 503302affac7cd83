namespace WanSharp.Runtime.Adapters;

/// <summary>LoRAs with the strengths that they have in a step.</summary>
/// <remarks>Immutable; equal if the LoRAs are the same and as strong.</remarks>
public sealed class AdapterUse : IEquatable<AdapterUse>
{
    private readonly float[] _strengths;

    /// <param name="adapter">The LoRAs.</param>
    /// <param name="strengths">How strong each is.</param>
    /// <exception cref="ArgumentException">There is not a strength for each.</exception>
    public AdapterUse(Adapter adapter, params IReadOnlyList<float> strengths)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(strengths);
        if (strengths.Count != adapter.Count)
        {
            throw new ArgumentException($"{adapter.Count} LoRAs have a strength each, not {strengths.Count}.", nameof(strengths));
        }

        (Adapter, _strengths) = (adapter, [.. strengths]);
        Copies = adapter.CopiesAt(_strengths);
    }

    /// <summary>The LoRAs.</summary>
    public Adapter Adapter { get; }

    /// <summary>How strong each is.</summary>
    public IReadOnlyList<float> Strengths => _strengths;

    /// <summary>
    /// Which weights are changed as copies, and how; empty for none. Samples share a forward pass only if they have this in common.
    /// </summary>
    public string Copies { get; }

    /// <inheritdoc/>
    public bool Equals(AdapterUse? other) =>
        other is not null && ReferenceEquals(Adapter, other.Adapter) && _strengths.AsSpan().SequenceEqual(other._strengths);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as AdapterUse);

    /// <inheritdoc/>
    public override int GetHashCode() => _strengths.Aggregate(Adapter.GetHashCode(), HashCode.Combine);
}
