using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Latents cut into tiles, and put together from them.</summary>
/// <param name="rows">The tiles' rows.</param>
/// <param name="columns">The tiles' columns.</param>
internal sealed class Tiles(IReadOnlyList<TileSpan> rows, IReadOnlyList<TileSpan> columns)
{
    /// <summary>The tiles, row by row.</summary>
    public IReadOnlyList<(TileSpan Row, TileSpan Column)> All { get; } =
    [.. rows.SelectMany(row => columns.Select(column => (row, column)))];

    /// <summary>A tile of latents F32 [batch, channels, frames, height, width].</summary>
    public static Tensor Cut(Tensor latents, TileSpan row, TileSpan column)
    {
        var dims = latents.Shape.Dims;
        var tile = Tensor.Zeros(DType.F32, [dims[0], dims[1], dims[2], row.Length, column.Length]);
        var from = latents.Read<float>();
        var to = tile.Write<float>();
        for (long image = 0, images = dims[0] * dims[1] * dims[2]; image < images; image++)
        {
            for (var y = 0; y < row.Length; y++)
            {
                from.Slice(Offset(latents, image, row.Start + y) + (int)column.Start, (int)column.Length)
                    .CopyTo(to[Offset(tile, image, y)..]);
            }
        }

        return tile;
    }

    /// <summary>Adds a tile's share to latents, [batch, channels, frames, height, width] both.</summary>
    public static void Blend(Tensor tile, Tensor latents, TileSpan row, TileSpan column)
    {
        var (down, across) = (row.Shares(scale: 1), column.Shares(scale: 1));
        var shape = tile.Shape;
        var from = tile.Read<float>();
        var to = latents.Write<float>();
        for (long image = 0, images = shape[0] * shape[1] * shape[2]; image < images; image++)
        {
            for (var y = 0; y < down.Length; y++)
            {
                var source = from.Slice(Offset(tile, image, y), across.Length);
                var target = to.Slice(Offset(latents, image, row.Start + y) + (int)column.Start, across.Length);
                TileSpan.AddShare(source, across, down[y], target);
            }
        }
    }

    /// <summary>The index of a row's first element.</summary>
    private static int Offset(Tensor clip, long image, long y) => checked((int)(((image * clip.Shape[3]) + y) * clip.Shape[4]));
}
