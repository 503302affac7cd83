using WanSharp.Graphs;

namespace WanSharp.Tools.Quantize;

/// <summary>What a layer loses alone, all others as they are: how far the network's output is off, as a share of its length.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Elements">Elements of its weight.</param>
/// <param name="Plain">In 8-bit integers.</param>
/// <param name="Rotated">In 8-bit integers, rotated; null where its inputs do not divide into groups.</param>
/// <param name="RotatedFormat">The rotation.</param>
public sealed record LayerLoss(LayerName Layer, long Elements, double Plain, double? Rotated, LayerFormat? RotatedFormat)
{
    /// <summary>The fastest format that loses no more than a bound.</summary>
    public LayerFormat Within(double bound) =>
        Plain <= bound ? LayerFormat.EightBit
        : Rotated <= bound ? RotatedFormat ?? LayerFormat.Exact
        : LayerFormat.Exact;
}
