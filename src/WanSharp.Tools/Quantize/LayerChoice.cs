using WanSharp.Graphs;

namespace WanSharp.Tools.Quantize;

/// <summary>
/// Which layers multiply 8-bit integers: all that lose no more alone than a bound. From bound to bound one layer more is among them,
/// or is no longer rotated: from the least to the most sensitive.
/// </summary>
/// <param name="losses">What each layer loses.</param>
internal sealed class LayerChoice(IReadOnlyList<LayerLoss> losses)
{
    private readonly double[] _bounds =
    [
        .. losses.SelectMany(loss => new[] { loss.Plain, loss.Rotated ?? loss.Plain }).Where(double.IsFinite).Distinct().Order(),
    ];

    /// <summary>How many choices there are; the last has all layers in it, not rotated.</summary>
    public int Count => _bounds.Length;

    /// <summary>The layers of a choice, by expert.</summary>
    public (LayerFormats Layers, LayerFormats? HighNoise) At(int index)
    {
        var bound = _bounds[index];
        return (Of(isHighNoise: false), losses.Any(loss => loss.Layer.IsHighNoise) ? Of(isHighNoise: true) : null);

        LayerFormats Of(bool isHighNoise) =>
            new(
                losses
                    .Where(loss => loss.Layer.IsHighNoise == isHighNoise)
                    .Select(loss => KeyValuePair.Create(loss.Layer.Name, loss.Within(bound)))
            );
    }
}
