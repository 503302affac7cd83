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
        var (rows, columns, inner) = (target.Shape[0], (int)target.Shape[1], (int)right.Shape[0]);
        var tasks = (rows + RowsOfATask - 1) / RowsOfATask;
        Parallel.For(
            0,
            tasks,
            new ParallelOptions { CancellationToken = cancellationToken },
            task =>
            {
                var factors = new float[RowsAtOnce * inner]; // of the rows at hand, interleaved
                var end = Math.Min(rows, (task + 1) * RowsOfATask);
                for (var row = task * RowsOfATask; row < end; row += RowsAtOnce)
                {
                    var count = (int)Math.Min(RowsAtOnce, end - row);
                    Interleave(left.Slice(row, count).Read<float>(), inner, count, scale, factors);
                    AddRows(target.Slice(row, count).Write<float>(), count, columns, factors, right.Read<float>(), inner);
                }
            }
        );
    }

    private static void Interleave(ReadOnlySpan<float> rows, int inner, int count, float scale, Span<float> factors)
    {
        factors.Clear();
        for (var row = 0; row < count; row++)
        {
            for (var k = 0; k < inner; k++)
            {
                factors[(k * RowsAtOnce) + row] = rows[(row * inner) + k] * scale;
            }
        }
    }

    /// <summary>Up to four rows: a tile of them stays in registers while all of the inner length goes by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows(Span<float> target, int count, int columns, float[] factors, ReadOnlySpan<float> right, int inner)
    {
        var width = Vector<float>.Count;
        ref var first = ref MemoryMarshal.GetReference(right);
        var column = 0;
        for (; column + (2 * width) <= columns; column += 2 * width)
        {
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
                ref var start = ref Unsafe.Add(ref first, ((nint)k * columns) + column);
                var (x0, x1) = (Vector.LoadUnsafe(ref start), Vector.LoadUnsafe(ref start, (nuint)width));
                var (a, b) = (new Vector<float>(factors[k * RowsAtOnce]), new Vector<float>(factors[(k * RowsAtOnce) + 1]));
                var (c, d) = (new Vector<float>(factors[(k * RowsAtOnce) + 2]), new Vector<float>(factors[(k * RowsAtOnce) + 3]));
                (a0, a1) = (Vector.FusedMultiplyAdd(a, x0, a0), Vector.FusedMultiplyAdd(a, x1, a1));
                (b0, b1) = (Vector.FusedMultiplyAdd(b, x0, b0), Vector.FusedMultiplyAdd(b, x1, b1));
                (c0, c1) = (Vector.FusedMultiplyAdd(c, x0, c0), Vector.FusedMultiplyAdd(c, x1, c1));
                (d0, d1) = (Vector.FusedMultiplyAdd(d, x0, d0), Vector.FusedMultiplyAdd(d, x1, d1));
            }

            ReadOnlySpan<(Vector<float>, Vector<float>)> tile = [(a0, a1), (b0, b1), (c0, c1), (d0, d1)];
            for (var row = 0; row < count; row++)
            {
                var place = target.Slice((row * columns) + column, 2 * width);
                (new Vector<float>(place) + tile[row].Item1).CopyTo(place);
                (new Vector<float>(place[width..]) + tile[row].Item2).CopyTo(place[width..]);
            }
        }

        for (; column < columns; column++)
        {
            for (var row = 0; row < count; row++)
            {
                var sum = 0f;
                for (var k = 0; k < inner; k++)
                {
                    sum += factors[(k * RowsAtOnce) + row] * right[(k * columns) + column];
                }

                target[(row * columns) + column] += sum;
            }
        }
    }
}
