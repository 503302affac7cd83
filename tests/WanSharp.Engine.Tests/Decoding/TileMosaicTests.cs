using WanSharp.Engine.Decoding;
using WanSharp.Media.Images;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Tests.Decoding;

public sealed class TileMosaicTests
{
    private const int Stride = 4;
    private const int TemporalStride = 2;
    private const int LatentFrames = 3;

    [Theory]
    [InlineData(6, 5)] // one tile
    [InlineData(20, 5)] // one row
    [InlineData(5, 20)] // one column
    [InlineData(11, 13)]
    [InlineData(23, 17)]
    public void Take_AfterTheLastTile_IsTheSumOfAllSharesToTheByte(int width, int height)
    {
        var tiling = new VaeTiling(6, 6);
        var mosaic = new TileMosaic([1, 16, LatentFrames, height, width], Stride, TemporalStride);
        var sums = Enumerable
            .Range(0, LatentFrames)
            .Select(step => Tensor.Zeros(DType.F32, [1, 3, step == 0 ? 1 : TemporalStride, height * Stride, width * Stride]))
            .ToList();
        var pictures = new Dictionary<int, IReadOnlyList<byte[]>>();
        foreach (var (row, column) in new Tiles(tiling.Rows(height), tiling.Columns(width)).All)
        {
            for (var step = 0; step < LatentFrames; step++)
            {
                using var frames = Noise(row, column, step);
                Sum(frames, sums[step], row, column);
                var tile = new DecodedTile(row, column, step, frames);
                mosaic.Add(tile);
                if (tile.IsLast)
                {
                    pictures.Add(step, mosaic.Take(step));
                }
            }
        }

        Assert.Equal([0, 1, 2], pictures.Keys);
        foreach (var (step, sum) in sums.Index())
        {
            var video = sum.Reshape([3, sum.Shape[2], sum.Shape[3], sum.Shape[4]]);
            Assert.Equal(step == 0 ? 1 : TemporalStride, pictures[step].Count);
            foreach (var (frame, picture) in pictures[step].Index())
            {
                var expected = new byte[3 * width * height * Stride * Stride];
                ImageTensors.ToRgb24(video, frame, expected);
                Assert.Equal(expected, picture);
            }

            sum.Dispose();
        }
    }

    [Fact]
    public void BytesOf_AClip_IsLittleMoreThanItsPictures()
    {
        var tiling = new VaeTiling(24, 24);

        var bytes = TileMosaic.BytesOf(1280, 720, frames: 81, tiling, stride: 8);

        Assert.InRange(bytes, 3L * 1280 * 720 * 81, 6L * 1280 * 720 * 81);
        Assert.Equal(3L * 192 * 192 * 81, TileMosaic.BytesOf(192, 192, frames: 81, tiling, stride: 8)); // one tile
    }

    private static Tensor Noise(TileSpan row, TileSpan column, int step)
    {
        var random = new Random(HashCode.Combine(row.Start, column.Start, step));
        Shape shape = [1, 3, step == 0 ? 1 : TemporalStride, row.Length * Stride, column.Length * Stride];
        return Tensor.CopyOf<float>(
            shape,
            [.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => (float)((2.2 * random.NextDouble()) - 1.1))]
        );
    }

    /// <summary>As if all of the clip were there as sums.</summary>
    private static void Sum(Tensor tile, Tensor clip, TileSpan row, TileSpan column)
    {
        var (down, across) = (row.Shares(Stride), column.Shares(Stride));
        var from = tile.Read<float>();
        var to = clip.Write<float>();
        for (var image = 0; image < 3 * clip.Shape[2]; image++)
        {
            for (var y = 0; y < down.Length; y++)
            {
                for (var x = 0; x < across.Length; x++)
                {
                    var target =
                        (((image * (int)clip.Shape[3]) + ((int)row.Start * Stride) + y) * (int)clip.Shape[4])
                        + ((int)column.Start * Stride)
                        + x;
                    to[target] += from[(((image * down.Length) + y) * across.Length) + x] * across[x] * down[y];
                }
            }
        }
    }
}
