using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.Decoding;

/// <summary>
/// The sums of one latent frame's pixels where tiles overlap: with the row of tiles before and after, and with the neighbouring tiles.
/// </summary>
/// <param name="images">Planes of pixels: colours times frames.</param>
/// <param name="width">Pixels across.</param>
/// <param name="scale">Pixels to a position of the latents.</param>
internal sealed class TileSeams(int images, int width, int scale)
{
    private float[] _above = []; // [images, rows that are shared, width]
    private float[] _below = [];
    private float[] _left = []; // [images, rows of the tile, columns that are shared]
    private float[] _right = [];
    private (int Start, int Length, int Before, int After) _row;
    private (int Start, int Length, int Before, int After) _column;

    /// <summary>Goes on to the next tile: what was its neighbours' other side is its own.</summary>
    public void MoveTo(TileSpan row, TileSpan column)
    {
        (_row, _column) = (InPixels(row), InPixels(column));
        if (column.Before == 0)
        {
            (_above, _below) = (_below, _above); // the first tile of a row
            Clear(ref _below, images * _row.After * width);
        }

        (_left, _right) = (_right, _left);
        Clear(ref _right, images * _row.Length * _column.After);
    }

    /// <summary>The sums of the tile's row if it is shared with tiles above or below; else nothing.</summary>
    /// <param name="image">The plane.</param>
    /// <param name="y">The row of pixels in the tile.</param>
    public Span<float> Row(int image, int y)
    {
        var below = y - (_row.Length - _row.After);
        return y < _row.Before ? _above.AsSpan((((image * _row.Before) + y) * width) + _column.Start, _column.Length)
            : below >= 0 ? _below.AsSpan((((image * _row.After) + below) * width) + _column.Start, _column.Length)
            : [];
    }

    /// <summary>The sums of the columns that are shared with the tile before.</summary>
    public Span<float> Left(int image, int y) => _left.AsSpan(((image * _row.Length) + y) * _column.Before, _column.Before);

    /// <summary>The sums of the columns that are shared with the tile after.</summary>
    public Span<float> Right(int image, int y) => _right.AsSpan(((image * _row.Length) + y) * _column.After, _column.After);

    private (int Start, int Length, int Before, int After) InPixels(TileSpan span) =>
        ((int)span.Start * scale, (int)span.Length * scale, span.Before * scale, span.After * scale);

    private static void Clear(ref float[] sums, int length)
    {
        if (sums.Length < length)
        {
            sums = new float[length];
        }

        Array.Clear(sums);
    }
}
