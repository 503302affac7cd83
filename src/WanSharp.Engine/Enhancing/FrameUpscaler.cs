using WanSharp.Engine.Requests;
using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Enhancing;

/// <summary>Enlarges the frames of a clip, one after another, tile by tile.</summary>
/// <remarks>For one clip; not thread-safe.</remarks>
/// <param name="network">What enlarges.</param>
/// <param name="from">The frames that come.</param>
/// <param name="to">The frames that are wanted: of the network's scale, or smaller.</param>
/// <param name="tiles">
/// The tiles, in positions of <see cref="IFrameEnlarger.Multiple"/> pixels; null for whole frames.
/// </param>
internal sealed class FrameUpscaler(IFrameEnlarger network, ClipSize from, ClipSize to, VaeTiling? tiles)
{
    private const int Colors = 3;
    private const float Outer = 0.375f; // of an overlap: what is near a tile's edge was made without what lies beyond it

    private readonly int _multiple = network.Multiple; // pixels of a position
    private readonly int _scale = network.Scale * network.Multiple; // larger pixels of a position
    private float[] _sums = [];

    /// <summary>Enlarges a frame; each step enlarges a tile.</summary>
    /// <param name="frame">rgb24 of the size that comes.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <returns>Null for each tile but the last, and then the enlarged frame as rgb24.</returns>
    public IEnumerable<byte[]?> Enlarge(byte[] frame, CancellationToken cancellationToken)
    {
        var (rows, columns) = (Positions(from.Height), Positions(from.Width));
        if (tiles is null || tiles.Count(rows, columns) == 1)
        {
            using var whole = Enlarged(frame, new FrameArea(0, 0, columns * _multiple, rows * _multiple), cancellationToken);
            yield return Finished(whole.Read<float>(), columns);
            yield break;
        }

        var length = checked(Colors * rows * columns * _scale * _scale);
        _sums = _sums.Length == length ? _sums : new float[length];
        Array.Clear(_sums);
        var all = new Tiles(tiles.Rows(rows), tiles.Columns(columns)).All;
        foreach (var (row, column) in all)
        {
            var area = new FrameArea(
                (int)column.Start * _multiple,
                (int)row.Start * _multiple,
                (int)column.Length * _multiple,
                (int)row.Length * _multiple
            );
            using (var tile = Enlarged(frame, area, cancellationToken))
            {
                Add(tile, row, column, columns);
            }

            yield return (row, column) == all[^1] ? Finished(_sums, columns) : null;
        }
    }

    private int Positions(int length) => (length + _multiple - 1) / _multiple;

    private Tensor Enlarged(byte[] frame, FrameArea area, CancellationToken cancellationToken)
    {
        using var part = RgbFrames.Cut(frame, from.Width, from.Height, area);
        return network.Enlarge(part, cancellationToken);
    }

    /// <summary>Adds a tile's share to the sums.</summary>
    private void Add(Tensor tile, TileSpan row, TileSpan column, int columns)
    {
        var (down, across) = (row.Shares(_scale, Outer), column.Shares(_scale, Outer));
        var (width, plane) = (columns * _scale, _sums.Length / Colors);
        var values = tile.Read<float>(); // [1, 3, down, across]
        for (var color = 0; color < Colors; color++)
        {
            for (var y = 0; y < down.Length; y++)
            {
                var target = (color * plane) + ((((int)row.Start * _scale) + y) * width) + ((int)column.Start * _scale);
                TileSpan.AddShare(
                    values.Slice(((color * down.Length) + y) * across.Length, across.Length),
                    across,
                    down[y],
                    _sums.AsSpan(target, across.Length)
                );
            }
        }
    }

    private byte[] Finished(ReadOnlySpan<float> planes, int columns)
    {
        var whole = new ClipSize(from.Width * network.Scale, from.Height * network.Scale);
        var pixels = RgbFrames.ToRgb24(planes, columns * _scale, whole.Width, whole.Height);
        return whole == to ? pixels : ImageTensors.Resize(new RgbImage(whole.Width, whole.Height, pixels), to.Width, to.Height).Pixels;
    }
}
