using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Decoding;

/// <summary>
/// A clip's pictures put together from tiles that come row by row, each through the clip's whole time. A pixel is a byte for
/// each colour as soon as its last tile is there; only where neighbours overlap are sums kept until then.
/// </summary>
/// <remarks>
/// The pictures are in memory until the last tile comes, because a tile needs what its own past left: 3 bytes a pixel and frame,
/// and up to 3 more for sums. The transformer, which takes the same clip at once, holds between 12 (a dim of 3072, strides of 32
/// and 4) and 80 (5120, 16 and 4) for each, so the pictures never decide whether a clip fits.
/// </remarks>
internal sealed class TileMosaic
{
    private const int Colors = 3;

    private readonly int _width;
    private readonly int _scale;
    private readonly byte[][][] _pictures; // of each latent frame
    private readonly TileSeams[] _seams;

    /// <param name="latents">[1, channels, frames, height, width].</param>
    /// <param name="stride">Pixels to a position of the latents.</param>
    /// <param name="temporalStride">Frames of video to a latent frame after the first.</param>
    public TileMosaic(Shape latents, int stride, int temporalStride)
    {
        (_scale, _width) = (stride, checked((int)latents[4] * stride));
        var bytes = checked(Colors * _width * (int)latents[3] * stride);
        int[] counts = [.. Enumerable.Range(0, checked((int)latents[2])).Select(latentFrame => latentFrame == 0 ? 1 : temporalStride)];
        _pictures = [.. counts.Select(count => Enumerable.Range(0, count).Select(_ => new byte[bytes]).ToArray())];
        _seams = [.. counts.Select(count => new TileSeams(Colors * count, _width, stride))];
    }

    /// <summary>The most bytes that a clip's pictures and sums take.</summary>
    /// <param name="width">Pixels across.</param>
    /// <param name="height">Pixels down.</param>
    /// <param name="frames">Frames of video.</param>
    /// <param name="tiling">The tiles.</param>
    /// <param name="stride">Pixels to a position of the latents.</param>
    public static long BytesOf(int width, int height, int frames, VaeTiling tiling, int stride)
    {
        var (overlap, side) = (tiling.Overlap * stride, Math.Min(tiling.Height * stride, height));
        var across = Math.Min(tiling.Rows(height / stride).Count - 1, 2) * (long)overlap * width;
        var down = Math.Min(tiling.Columns(width / stride).Count - 1, 2) * (long)overlap * side;
        return Colors * frames * (((long)width * height) + (sizeof(float) * (across + down)));
    }

    /// <summary>Adds a tile's frames of a latent frame.</summary>
    public void Add(DecodedTile tile)
    {
        var (seams, pictures) = (_seams[tile.LatentFrame], _pictures[tile.LatentFrame]);
        seams.MoveTo(tile.Row, tile.Column);
        var (down, across) = (tile.Row.Shares(_scale), tile.Column.Shares(_scale));
        var whole = across.Length - (tile.Column.After * _scale); // columns to which no neighbouring tile adds any more
        var values = tile.Frames.Read<float>(); // [1, 3, frames, height, width] of the tile
        var sums = new float[across.Length];
        for (var image = 0; image < Colors * pictures.Length; image++)
        {
            for (var y = 0; y < down.Length; y++)
            {
                var shared = seams.Row(image, y);
                Array.Clear(sums);
                (shared.IsEmpty ? seams.Left(image, y) : shared).CopyTo(sums);
                TileSpan.AddShare(values.Slice(((image * down.Length) + y) * across.Length, across.Length), across, down[y], sums);
                if (shared.IsEmpty)
                {
                    sums.AsSpan(whole).CopyTo(seams.Right(image, y));
                }
                else
                {
                    sums.CopyTo(shared);
                }

                if (y < down.Length - (tile.Row.After * _scale))
                {
                    var pixel = ((((int)tile.Row.Start * _scale) + y) * _width) + ((int)tile.Column.Start * _scale);
                    ImageTensors.ToRgb24(
                        sums.AsSpan(0, whole),
                        pictures[image % pictures.Length].AsSpan((Colors * pixel) + (image / pictures.Length))
                    );
                }
            }
        }
    }

    /// <summary>A latent frame's pictures, once its last tile was added; they are forgotten here.</summary>
    public IReadOnlyList<byte[]> Take(int latentFrame)
    {
        var pictures = _pictures[latentFrame];
        _pictures[latentFrame] = [];
        return pictures;
    }
}
