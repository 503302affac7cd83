using System.Numerics.Tensors;
using WanSharp.Tensors;
using Tensor = WanSharp.Tensors.Tensor;

namespace WanSharp.Runtime.Adapters;

/// <summary>
/// W + strength · (m · (W + Δ) / ‖W + Δ‖ − W): DoRA, a change whose result is rescaled row by row or column by column.
/// </summary>
/// <remarks>
/// Source: Liu et al., DoRA (arXiv 2402.09353); KohakuBlueleaf/LyCORIS, modules/locon.py, apply_weight_decompose. A strength goes
/// straight from the weight to the changed one, as in ComfyUI.
/// </remarks>
/// <param name="change">Δ.</param>
/// <param name="magnitude">m: [out] or [out, 1] for the rows, [1, in] for the columns.</param>
/// <param name="byRow">Whether rows have a length each, or columns.</param>
public sealed class DecomposedChange(WeightChange change, Tensor magnitude, bool byRow) : WeightChange
{
    private const float Epsilon = 1.1920929e-7f; // torch.finfo(float32).eps

    /// <inheritdoc/>
    public override void Apply(Tensor weight, double strength, CancellationToken cancellationToken)
    {
        var matrix = Matrix(weight);
        var (rows, columns) = (matrix.Shape[0], (int)matrix.Shape[1]);
        using var changed = Tensor.Zeros(DType.F32, matrix.Shape);
        matrix.ConvertTo(changed);
        change.Apply(changed, 1, cancellationToken);
        using var lengths = Wide(magnitude, [magnitude.Shape.ElementCount]);
        var factors = byRow ? null : ColumnFactors(changed, lengths.Read<float>());
        for (var row = 0L; row < rows; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var values = changed.Slice(row, 1).Write<float>();
            if (factors is null)
            {
                TensorPrimitives.Multiply(values, lengths.Read<float>()[(int)row] / (Norm(values) + Epsilon), values);
            }
            else
            {
                TensorPrimitives.Multiply(values, factors, values);
            }

            var target = matrix.Slice(row, 1).Write<float>();
            TensorPrimitives.Subtract(values, target, values);
            TensorPrimitives.MultiplyAdd(values, (float)strength, target, target);
        }

        float[] ColumnFactors(Tensor all, ReadOnlySpan<float> wanted)
        {
            var squares = new double[columns];
            for (var row = 0L; row < rows; row++)
            {
                var values = all.Slice(row, 1).Read<float>();
                for (var column = 0; column < columns; column++)
                {
                    squares[column] += (double)values[column] * values[column];
                }
            }

            var result = new float[columns];
            for (var column = 0; column < columns; column++)
            {
                result[column] = wanted[column] / ((float)Math.Sqrt(squares[column]) + Epsilon);
            }

            return result;
        }
    }

    private static float Norm(ReadOnlySpan<float> values) => TensorPrimitives.Norm(values);
}
