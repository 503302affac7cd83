using System.Globalization;

namespace WanSharp.Graphs;

/// <summary>
/// Which layers of a network multiply 8-bit integers, and how, where <see cref="GraphOptions.Quantization"/> asks for it. Immutable;
/// equal if the layers are.
/// </summary>
public sealed class LayerFormats : IEquatable<LayerFormats>
{
    private readonly SortedDictionary<string, LayerFormat> _layers;
    private readonly string _text;

    /// <param name="layers">
    /// The layers by their full names, such as <c>blocks.3.ffn.0</c>; those that are not named stay as they are.
    /// </param>
    public LayerFormats(IEnumerable<KeyValuePair<string, LayerFormat>> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        _layers = new SortedDictionary<string, LayerFormat>(StringComparer.Ordinal);
        foreach (var (name, format) in layers.Where(layer => layer.Value.IsEightBit))
        {
            _layers.Add(name, format);
        }

        _text = string.Join(';', _layers.Select(layer => string.Create(CultureInfo.InvariantCulture, $"{layer.Key} {layer.Value.Group}")));
    }

    /// <summary>All layers stay as they are.</summary>
    public static LayerFormats None { get; } = new([]);

    /// <summary>The layers in 8-bit integers.</summary>
    public IReadOnlyDictionary<string, LayerFormat> EightBit => _layers;

    /// <summary>How a layer multiplies.</summary>
    public LayerFormat Of(string layer) => _layers.GetValueOrDefault(layer);

    /// <summary>The layers whose names begin with a prefix, named without it.</summary>
    public LayerFormats Within(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return new LayerFormats(
            _layers
                .Where(layer => layer.Key.StartsWith(prefix, StringComparison.Ordinal))
                .Select(layer => KeyValuePair.Create(layer.Key[prefix.Length..], layer.Value))
        );
    }

    /// <inheritdoc/>
    public bool Equals(LayerFormats? other) => other is not null && _text == other._text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LayerFormats);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>One line that says all; equal for equal formats, and never empty, which is what no formats at all are written as.</summary>
    public override string ToString() => _text.Length > 0 ? _text : "none";
}
