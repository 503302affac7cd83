using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Adapters;

/// <summary>target + scale · left · right, for products that are thin inside. On all processors.</summary>
internal static class MatrixProduct
{
    private const int RowsAtOnce = 4;
    private const int RowsOfATask = 64;

    /// <summary>Adds a product to a matrix.</summary>
    /// <param name="target">F32 [rows, columns].</param>
    /// <param name="left">F32 [rows, inner].</param>
    /// <param name="right">F32 [inner, columns].</param>
    /// <param name="scale">What the product is multiplied by.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    public static void AddTo(Tensor target, Tensor left, Tensor right, float scale, CancellationToken cancellationToken)
    {
        var (rows, columns) = (target.Shape[0], (int)target.Shape[1]);
        var tasks = (rows + RowsOfATask - 1) / RowsOfATask;
        var strips = new ColumnStrips(right.Read<float>(), (int)right.Shape[0]);
        Parallel.For(
            0,
            tasks,
            new ParallelOptions { CancellationToken = cancellationToken },
            task =>
            {
                var first = task * RowsOfATask;
                var count = (int)(Math.Min(rows, first + RowsOfATask) - first);
                AddTo(target.Slice(first, count).Write<float>(), count, columns, left.Slice(first, count), strips, scale);
            }
        );
    }

    /// <summary>Adds a product to some rows, on this processor.</summary>
    /// <param name="target">[rows, columns].</param>
    /// <param name="rows">How many: few, or their factors leave the cache.</param>
    /// <param name="columns">The length of each.</param>
    /// <param name="left">F32 [rows, inner].</param>
    /// <param name="right">[inner, columns].</param>
    /// <param name="scale">What the product is multiplied by.</param>
    public static void AddTo(Span<float> target, int rows, int columns, Tensor left, ColumnStrips right, float scale)
    {
        var groups = (rows + RowsAtOnce - 1) / RowsAtOnce;
        var factors = new float[groups * RowsAtOnce * right.Inner]; // of four rows at a time, interleaved
        Interleave(left.Read<float>(), right.Inner, rows, scale, factors);
        AddRows(target, rows, columns, factors, right);
    }

    private static void Interleave(ReadOnlySpan<float> rows, int inner, int count, float scale, Span<float> factors)
    {
        for (var row = 0; row < count; row++)
        {
            var group = factors[(row / RowsAtOnce * RowsAtOnce * inner)..];
            for (var k = 0; k < inner; k++)
            {
                group[(k * RowsAtOnce) + (row % RowsAtOnce)] = rows[(row * inner) + k] * scale;
            }
        }
    }

    /// <summary>A strip of columns after another: four of its rows stay in registers while all of the inner length goes by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows(Span<float> target, int count, int columns, float[] factors, ColumnStrips right)
    {
        var (width, inner) = (ColumnStrips.Width, right.Inner);
        var column = 0;
        for (; column + width <= columns; column += width)
        {
            var strip = right.From(column);
            for (var row = 0; row < count; row += RowsAtOnce)
            {
                var tile = target[((row * columns) + column)..];
                AddTile(tile, Math.Min(RowsAtOnce, count - row), columns, factors.AsSpan(row * inner), strip, inner);
            }
        }

        for (; column < columns; column++)
        {
            var strip = right.From(column)[(column % width)..];
            for (var row = 0; row < count; row++)
            {
                var group = row / RowsAtOnce * RowsAtOnce * inner;
                var sum = 0f;
                for (var k = 0; k < inner; k++)
                {
                    sum += factors[group + (k * RowsAtOnce) + (row % RowsAtOnce)] * strip[k * width];
                }

                target[(row * columns) + column] += sum;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTile(
        Span<float> target,
        int count,
        int columns,
        ReadOnlySpan<float> factors,
        ReadOnlySpan<float> strip,
        int inner
    )
    {
        var width = Vector<float>.Count;
        ref var right = ref MemoryMarshal.GetReference(strip);
        ref var left = ref MemoryMarshal.GetReference(factors);
        Vector<float> a0 = default,
            a1 = default,
            b0 = default,
            b1 = default;
        Vector<float> c0 = default,
            c1 = default,
            d0 = default,
            d1 = default;
        for (var k = 0; k < inner; k++)
        {
            var (x0, x1) = (Vector.LoadUnsafe(ref right), Vector.LoadUnsafe(ref right, (nuint)width));
            var (a, b) = (new Vector<float>(left), new Vector<float>(Unsafe.Add(ref left, 1)));
            var (c, d) = (new Vector<float>(Unsafe.Add(ref left, 2)), new Vector<float>(Unsafe.Add(ref left, 3)));
            (a0, a1) = (Vector.FusedMultiplyAdd(a, x0, a0), Vector.FusedMultiplyAdd(a, x1, a1));
            (b0, b1) = (Vector.FusedMultiplyAdd(b, x0, b0), Vector.FusedMultiplyAdd(b, x1, b1));
            (c0, c1) = (Vector.FusedMultiplyAdd(c, x0, c0), Vector.FusedMultiplyAdd(c, x1, c1));
            (d0, d1) = (Vector.FusedMultiplyAdd(d, x0, d0), Vector.FusedMultiplyAdd(d, x1, d1));
            right = ref Unsafe.Add(ref right, 2 * width);
            left = ref Unsafe.Add(ref left, RowsAtOnce);
        }

        ReadOnlySpan<(Vector<float>, Vector<float>)> sums = [(a0, a1), (b0, b1), (c0, c1), (d0, d1)];
        for (var row = 0; row < count; row++)
        {
            var place = target.Slice(row * columns, 2 * width);
            (new Vector<float>(place) + sums[row].Item1).CopyTo(place);
            (new Vector<float>(place[width..]) + sums[row].Item2).CopyTo(place[width..]);
        }
    }
}
