using System.Numerics;

namespace WanSharp.Runtime.Adapters;

/// <summary>
/// A matrix cut into strips of columns, as wide as two registers and one after another: a product goes through it in order, however many
/// tasks share it. The last strip is filled up with zeros.
/// </summary>
internal sealed class ColumnStrips
{
    private readonly float[] _strips;

    /// <summary>Lays a matrix out in strips.</summary>
    /// <param name="matrix">[inner, columns].</param>
    /// <param name="inner">How many rows it has.</param>
    public ColumnStrips(ReadOnlySpan<float> matrix, int inner)
    {
        Inner = inner;
        var columns = matrix.Length / inner;
        var strips = (columns + Width - 1) / Width;
        _strips = GC.AllocateUninitializedArray<float>(strips * inner * Width);
        for (var k = 0; k < inner; k++)
        {
            var row = matrix.Slice(k * columns, columns);
            for (var strip = 0; strip < strips; strip++)
            {
                var place = _strips.AsSpan(((strip * inner) + k) * Width, Width);
                var part = row.Slice(strip * Width, Math.Min(Width, columns - (strip * Width)));
                part.CopyTo(place);
                place[part.Length..].Clear();
            }
        }
    }

    /// <summary>The columns of a strip.</summary>
    public static int Width => 2 * Vector<float>.Count;

    /// <summary>The rows of the matrix.</summary>
    public int Inner { get; }

    /// <summary>A strip, [inner, <see cref="Width"/>].</summary>
    /// <param name="column">The first of its columns.</param>
    public ReadOnlySpan<float> From(int column) => _strips.AsSpan(column / Width * Inner * Width, Inner * Width);
}
