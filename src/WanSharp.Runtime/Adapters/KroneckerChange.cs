using System.Numerics.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Adapters;

/// <summary>W + strength · scale · (w1 ⊗ w2): LoKr, where each of the two may itself be a product.</summary>
/// <remarks>Source: KohakuBlueleaf/LyCORIS, modules/lokr.py.</remarks>
/// <param name="first">w1, [a, b].</param>
/// <param name="second">w2, [c, d]; the weight is [a · c, b · d].</param>
/// <param name="scale">alpha / rank, or 1 where neither is a product.</param>
public sealed class KroneckerChange(FactoredMatrix first, FactoredMatrix second, double scale) : WeightChange
{
    /// <inheritdoc/>
    public override void Apply(Tensor weight, double strength, CancellationToken cancellationToken)
    {
        var matrix = Matrix(weight);
        using var w1 = first.ToDense(cancellationToken);
        using var w2 = second.ToDense(cancellationToken);
        var (b, c, d) = ((int)first.Columns, (int)second.Rows, (int)second.Columns);
        for (var row = 0; row < matrix.Shape[0]; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var values = matrix.Slice(row, 1).Write<float>();
            var factors = w1.Slice(row / c, 1).Read<float>(); // [b]
            var part = w2.Slice(row % c, 1).Read<float>(); // [d]
            for (var j = 0; j < b; j++)
            {
                var place = values.Slice(j * d, d);
                TensorPrimitives.MultiplyAdd(part, (float)(strength * scale * factors[j]), place, place);
            }
        }
    }
}
