using System.Globalization;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// How large frames are cut into tiles, which go through the VAE one after another. Each tile goes through the whole clip, and
/// neighbours are blended linearly where they overlap.
/// </summary>
/// <remarks>
/// Lengths are positions of the latents. A tile sees nothing beyond its edges, so pixels near a seam differ from those of an
/// untiled clip; a wider overlap makes the difference smaller.
/// </remarks>
public sealed record VaeTiling
{
    /// <summary>The overlap that a tile of at least 24 positions can afford.</summary>
    public const int DefaultOverlap = 8;

    /// <summary>Describes tiles.</summary>
    /// <param name="width">The most positions across. At least 6.</param>
    /// <param name="height">The most positions down. At least 6.</param>
    /// <param name="overlap">Positions that neighbours share: even, from 2 to a third of a tile. Default: null, 8 or what a third
    /// allows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public VaeTiling(int width, int height, int? overlap = null)
    {
        const int Smallest = 6;
        ArgumentOutOfRangeException.ThrowIfLessThan(width, Smallest);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, Smallest);
        var widest = Math.Min(width, height) / 3 / 2 * 2;
        var chosen = overlap ?? Math.Min(DefaultOverlap, widest);
        if (chosen < 2 || chosen > widest || chosen % 2 != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(overlap),
                overlap,
                $"Tiles of {width} × {height} positions overlap by an even number from 2 to {widest}."
            );
        }

        (Width, Height, Overlap) = (width, height, chosen);
    }

    /// <summary>A tile's positions across, at most.</summary>
    public int Width { get; }

    /// <summary>A tile's positions down, at most.</summary>
    public int Height { get; }

    /// <summary>Positions that neighbours share.</summary>
    public int Overlap { get; }

    /// <summary>How many tiles latents of a size are cut into.</summary>
    public int Count(long height, long width) => Rows(height).Count * Columns(width).Count;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Width}x{Height} positions, {Overlap} shared");

    /// <summary>The positions of the largest tile that latents of a size are cut into, down and across.</summary>
    internal (long Height, long Width) LargestTile(long height, long width) =>
        (Rows(height).Max(span => span.Length), Columns(width).Max(span => span.Length));

    internal IReadOnlyList<TileSpan> Rows(long length) => Spans(length, Height);

    internal IReadOnlyList<TileSpan> Columns(long length) => Spans(length, Width);

    /// <summary>Cells of even size, each with half an overlap on either side: no more than two of them share a position.</summary>
    private IReadOnlyList<TileSpan> Spans(long length, int tile)
    {
        if (length <= tile)
        {
            return [new TileSpan(0, length, 0, 0)];
        }

        var cells = (int)((length + tile - Overlap - 1) / (tile - Overlap));
        var margin = Overlap / 2;
        return
        [
            .. Enumerable
                .Range(0, cells)
                .Select(i =>
                {
                    var (before, after) = (i > 0 ? margin : 0, i < cells - 1 ? margin : 0);
                    var start = (i * length / cells) - before;
                    return new TileSpan(start, ((i + 1) * length / cells) + after - start, 2 * before, 2 * after);
                }),
        ];
    }
}
