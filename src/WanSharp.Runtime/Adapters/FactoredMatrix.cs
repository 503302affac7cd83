using WanSharp.Tensors;

namespace WanSharp.Runtime.Adapters;

/// <summary>A matrix, or the product of two.</summary>
/// <param name="Left">[rows, columns], or [rows, rank].</param>
/// <param name="Right">[rank, columns]; null where <paramref name="Left"/> is the matrix.</param>
public sealed record FactoredMatrix(Tensor Left, Tensor? Right = null)
{
    /// <summary>How many rows.</summary>
    public long Rows => Left.Shape[0];

    /// <summary>How many columns.</summary>
    public long Columns => (Right ?? Left).Shape[1];

    /// <summary>The matrix in F32; the caller disposes it.</summary>
    internal Tensor ToDense(CancellationToken cancellationToken)
    {
        var dense = Tensor.Zeros(DType.F32, [Rows, Columns]);
        try
        {
            if (Right is null)
            {
                Left.ConvertTo(dense);
                return dense;
            }

            using var left = Tensor.Zeros(DType.F32, Left.Shape);
            using var right = Tensor.Zeros(DType.F32, Right.Shape);
            Left.ConvertTo(left);
            Right.ConvertTo(right);
            MatrixProduct.AddTo(dense, left, right, 1, cancellationToken);
            return dense;
        }
        catch
        {
            dense.Dispose();
            throw;
        }
    }
}
