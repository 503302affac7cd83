using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>A clip cut into tiles, and put together from them.</summary>
/// <param name="rows">The tiles' rows.</param>
/// <param name="columns">The tiles' columns.</param>
internal sealed class Tiles(IReadOnlyList<TileSpan> rows, IReadOnlyList<TileSpan> columns)
{
    /// <summary>The tiles, row by row.</summary>
    public IReadOnlyList<(TileSpan Row, TileSpan Column)> All { get; } = [.. rows.SelectMany(row => columns.Select(column => (row, column)))];

    /// <summary>A tile of a clip F32 [batch, channels, frames, height, width] whose positions are <paramref name="scale"/> times as fine.</summary>
    public static Tensor Cut(Tensor clip, TileSpan row, TileSpan column, int scale)
    {
        var dims = clip.Shape.Dims;
        var (height, width) = (row.Length * scale, column.Length * scale);
        var tile = Tensor.Zeros(DType.F32, [dims[0], dims[1], dims[2], height, width]);
        for (long image = 0, images = dims[0] * dims[1] * dims[2]; image < images; image++)
        {
            for (var y = 0; y < height; y++)
            {
                var from = Offset(clip, image, (row.Start * scale) + y) + (column.Start * scale);
                clip.ReadBytes(from * sizeof(float), checked((int)width * sizeof(float))).CopyTo(tile.WriteBytes(Offset(tile, image, y) * sizeof(float), checked((int)width * sizeof(float))));
            }
        }

        return tile;
    }

    /// <summary>Adds a tile's share to a clip.</summary>
    /// <param name="tile">[batch, channels, frames, height, width] of the tile.</param>
    /// <param name="clip">[batch, channels, frames, height, width].</param>
    /// <param name="row">Where the tile is.</param>
    /// <param name="column">Where the tile is.</param>
    /// <param name="scale">How much finer the clip's positions are than the spans'.</param>
    public static void Blend(Tensor tile, Tensor clip, TileSpan row, TileSpan column, int scale)
    {
        var (down, across) = (row.Shares(scale), column.Shares(scale));
        var shape = tile.Shape;
        var from = tile.Read<float>();
        var to = clip.Write<float>();
        for (long image = 0, images = shape[0] * shape[1] * shape[2]; image < images; image++)
        {
            for (var y = 0; y < down.Length; y++)
            {
                var source = from.Slice(checked((int)Offset(tile, image, y)), across.Length);
                var target = to.Slice(checked((int)(Offset(clip, image, (row.Start * scale) + y) + (column.Start * scale))), across.Length);
                for (var x = 0; x < across.Length; x++)
                {
                    target[x] += source[x] * across[x] * down[y];
                }
            }
        }
    }

    /// <summary>The index of a row's first element.</summary>
    private static long Offset(Tensor clip, long image, long y) => ((image * clip.Shape[3]) + y) * clip.Shape[4];
}
