using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>Memory for the rows of a batch: as large as the largest batch of the shape at hand, and kept from step to step.</summary>
internal sealed class RowBuffer : IDisposable
{
    private Tensor? _memory;

    /// <summary>Memory for a number of rows; what it held is lost.</summary>
    /// <param name="count">How many.</param>
    /// <param name="row">One row, <c>[1, …]</c>.</param>
    /// <returns><c>[count, …]</c>, valid until the next call.</returns>
    public Tensor Rows(int count, Shape row)
    {
        if (_memory is null || _memory.Shape[0] < count || !_memory.Shape.Dims[1..].SequenceEqual(row.Dims[1..]))
        {
            _memory?.Dispose();
            _memory = Tensor.Zeros(DType.F32, Shape.Create([count, .. row.Dims[1..]]));
        }

        return _memory.Slice(0, count);
    }

    public void Dispose() => _memory?.Dispose();
}
