using System.Numerics.Tensors;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Adapters;

/// <summary>W + strength · scale · (w1a · w1b) ⊙ (w2a · w2b): LoHa.</summary>
/// <remarks>Source: KohakuBlueleaf/LyCORIS, modules/loha.py (arXiv 2108.06098, FedPara).</remarks>
/// <param name="firstUp">w1a [out, rank].</param>
/// <param name="firstDown">w1b [rank, in].</param>
/// <param name="secondUp">w2a [out, rank].</param>
/// <param name="secondDown">w2b [rank, in].</param>
/// <param name="scale">alpha / rank.</param>
public sealed class HadamardChange(Tensor firstUp, Tensor firstDown, Tensor secondUp, Tensor secondDown, double scale) : WeightChange
{
    private const long RowsAtOnce = 256;

    /// <inheritdoc/>
    public override void Apply(Tensor weight, double strength, CancellationToken cancellationToken)
    {
        var matrix = Matrix(weight);
        using var up1 = Wide(firstUp, firstUp.Shape);
        using var down1 = Wide(firstDown, firstDown.Shape);
        using var up2 = Wide(secondUp, secondUp.Shape);
        using var down2 = Wide(secondDown, secondDown.Shape);
        for (var row = 0L; row < matrix.Shape[0]; row += RowsAtOnce)
        {
            var count = Math.Min(RowsAtOnce, matrix.Shape[0] - row);
            using var first = Tensor.Zeros(DType.F32, [count, matrix.Shape[1]]);
            using var second = Tensor.Zeros(DType.F32, [count, matrix.Shape[1]]);
            MatrixProduct.AddTo(first, up1.Slice(row, count), down1, (float)(strength * scale), cancellationToken);
            MatrixProduct.AddTo(second, up2.Slice(row, count), down2, 1, cancellationToken);
            var values = matrix.Slice(row, count).Write<float>();
            TensorPrimitives.MultiplyAdd(first.Read<float>(), second.Read<float>(), values, values);
        }
    }
}
