using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

[NoLiveObjects]
[Collection("native objects")]
public sealed class VaeTilingTests(RuntimeFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(60, 24, 8)]
    [InlineData(104, 40, 8)]
    [InlineData(25, 24, 8)]
    [InlineData(7, 6, 2)]
    [InlineData(20, 24, 8)]
    public void Spans_OfAnyLength_CoverItWithSharesThatAddUpToOne(int length, int tile, int overlap)
    {
        const int Scale = 8;
        var spans = new VaeTiling(tile, tile, overlap).Rows(length);
        var sums = new double[length * Scale];
        foreach (var span in spans)
        {
            Assert.InRange(span.Length, 1, tile);
            var shares = span.Shares(Scale);
            for (var i = 0; i < shares.Length; i++)
            {
                sums[(span.Start * Scale) + i] += shares[i];
            }
        }

        Assert.All(sums, sum => Assert.Equal(1, sum, 1e-6));
    }

    [Theory]
    [InlineData(5, 24, null)]
    [InlineData(24, 24, 10)]
    [InlineData(24, 24, 3)]
    public void Tiles_TooSmallForTheirOverlap_AreRefused(int width, int height, int? overlap) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new VaeTiling(width, height, overlap));

    [Fact]
    public void Tiles_CutAndBlended_GiveTheLatents()
    {
        const double Rounding = 1e-6; // shares are rounded to F32
        using var latents = Smooth([1, 3, 2, 16, 20]);
        using var blended = Tensor.Zeros(DType.F32, latents.Shape);
        var tiling = new VaeTiling(12, 12, 4);
        foreach (var (row, column) in new Tiles(tiling.Rows(16), tiling.Columns(20)).All)
        {
            using var tile = Tiles.Cut(latents, row, column);
            Tiles.Blend(tile, blended, row, column);
        }

        Assert.Equal(6, tiling.Count(16, 20));
        Assert.InRange(MeanDifference(latents, blended), 0, Rounding);
    }

    // How little that is from whole frames depends on trained weights: the Shapes model's test has it.
    [Fact]
    public void DecodeTiles_OfLatents_GivesEachTilesClipInItsTurn()
    {
        using var network = NetworkFixture.Open("vae21");
        using var vae = new VaeRunner(fixture.Runtime, network.VaeConfig(), network.Store);
        using var latents = Smooth([1, 16, 3, 6, 10]);
        var tiling = new VaeTiling(6, 6);
        using var tiles = vae.DecodeTiles(latents, tiling, Cancellation).GetEnumerator();
        foreach (var (row, column) in new Tiles(tiling.Rows(6), tiling.Columns(10)).All)
        {
            using var part = Tiles.Cut(latents, row, column);
            foreach (var (latentFrame, frames) in vae.Decode(part, Cancellation).Index())
            {
                Assert.True(tiles.MoveNext());
                Assert.Equal((row, column, latentFrame), (tiles.Current.Row, tiles.Current.Column, tiles.Current.LatentFrame));
                Assert.Equal(column.Start + column.Length == 10, tiles.Current.IsLast);
                Assert.Equal(0, MeanDifference(frames, tiles.Current.Frames));
                frames.Dispose();
                tiles.Current.Frames.Dispose();
            }
        }

        Assert.False(tiles.MoveNext());
    }

    [Fact]
    public void DecodeTiles_GivenUpHalfway_KeepsNothing()
    {
        using var runtime = OrtRuntime.Create(); // of its own: other tests run at the same time
        using var network = NetworkFixture.Open("vae21");
        using var vae = new VaeRunner(runtime, network.VaeConfig(), network.Store);
        using var latents = Smooth([1, 16, 2, 6, 10]);
        vae.Decode(latents, Cancellation).ToList().ForEach(piece => piece.Dispose()); // compiles
        var before = runtime.Api.LiveObjects;

        vae.DecodeTiles(latents, new VaeTiling(6, 6), Cancellation).First().Frames.Dispose();

        Assert.Equal(before, runtime.Api.LiveObjects);
    }

    [Fact]
    public void Encode_InTiles_IsEachTilesClipBlended()
    {
        using var network = NetworkFixture.Open("vae21");
        using var vae = new VaeRunner(fixture.Runtime, network.VaeConfig(), network.Store);
        using var frames = Smooth([1, 3, 9, 48, 80]);
        var clip = new Clip(frames);
        var tiling = new VaeTiling(6, 6);
        using var expected = Tensor.Zeros(DType.F32, [1, 16, 3, 6, 10]);
        foreach (var (row, column) in new Tiles(tiling.Rows(6), tiling.Columns(10)).All)
        {
            using var part = clip.Cut(
                new FrameArea((int)column.Start * 8, (int)row.Start * 8, (int)column.Length * 8, (int)row.Length * 8),
                0,
                9
            );
            using var tile = vae.Encode(part, Cancellation);
            Tiles.Blend(tile, expected, row, column);
        }

        using var tiled = vae.Encode(clip, tiling, Cancellation);

        Assert.Equal(0, MeanDifference(expected, tiled));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // one that holds the frame
    public void Encode_OfWholeFrames_IsAsWithoutTiles(bool hasTiles)
    {
        using var network = NetworkFixture.Open("vae21");
        using var vae = new VaeRunner(fixture.Runtime, network.VaeConfig(), network.Store);
        using var frames = Smooth([1, 3, 5, 32, 48]);
        using var expected = vae.Encode(frames, Cancellation);

        using var encoded = vae.Encode(new Clip(frames), hasTiles ? new VaeTiling(6, 6) : null, Cancellation);

        Assert.Equal(0, MeanDifference(expected, encoded));
    }

    private static double MeanDifference(Tensor left, Tensor right)
    {
        Assert.Equal(left.Shape, right.Shape);
        return left.Read<float>().ToArray().Zip(right.Read<float>().ToArray(), (a, b) => Math.Abs(a - (double)b)).Average();
    }

    /// <summary>Waves of several lengths, in every channel others.</summary>
    private static Tensor Smooth(Shape shape)
    {
        var values = new float[shape.ElementCount];
        var (height, width) = ((int)shape[3], (int)shape[4]);
        for (var i = 0; i < values.Length; i++)
        {
            var (x, y, image) = (i % width / (double)width, i / width % height / (double)height, i / width / height);
            values[i] = (float)(0.6 * Math.Sin((7 * x) + (image % 5)) * Math.Cos((5 * y) - (0.3 * image)));
        }

        return Tensor.CopyOf<float>(shape, values);
    }

    /// <summary>A clip [1, 3, frames, height, width] that is there as a whole.</summary>
    private sealed class Clip(Tensor frames) : IFrameSource
    {
        public int Width => (int)frames.Shape[4];

        public int Height => (int)frames.Shape[3];

        public int LatentFrames => ((int)frames.Shape[2] + 3) / 4;

        public IEnumerable<Tensor> Read(FrameArea area)
        {
            for (var latentFrame = 0; latentFrame < LatentFrames; latentFrame++)
            {
                using var piece = latentFrame == 0 ? Cut(area, 0, 1) : Cut(area, (4 * latentFrame) - 3, 4);
                yield return piece;
            }
        }

        public Tensor Cut(FrameArea area, int start, int count)
        {
            var values = new List<float>();
            for (var color = 0; color < 3; color++)
            {
                for (var frame = start; frame < start + count; frame++)
                {
                    for (var y = area.Y; y < area.Y + area.Height; y++)
                    {
                        var from = (((((color * (int)frames.Shape[2]) + frame) * Height) + y) * Width) + area.X;
                        values.AddRange(frames.Read<float>().Slice(from, area.Width));
                    }
                }
            }

            return Tensor.CopyOf<float>([1, 3, count, area.Height, area.Width], [.. values]);
        }
    }
}
