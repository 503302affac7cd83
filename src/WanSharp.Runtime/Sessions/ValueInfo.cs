using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>The declaration of an input or output of a graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Its element type.</param>
/// <param name="Dimensions">Its dimensions, outermost first.</param>
public sealed record ValueInfo(string Name, DType DType, IReadOnlyList<DimensionInfo> Dimensions)
{
    /// <summary>
    /// Whether a tensor of this shape fits: the rank and every fixed length agree. A declaration without dimensions is a scalar or
    /// says nothing, which the library does not distinguish: any shape fits here, and the run decides.
    /// </summary>
    public bool Accepts(Shape shape)
    {
        if (Dimensions.Count == 0)
        {
            return true;
        }

        var fits = shape.Rank == Dimensions.Count;
        for (var i = 0; fits && i < shape.Rank; i++)
        {
            fits = Dimensions[i].Length is not { } length || length == shape[i];
        }

        return fits;
    }

    /// <summary>As in "x F32 [batch, tokens, 64]".</summary>
    public override string ToString() => $"{Name} {DType} [{string.Join(", ", Dimensions)}]";
}
