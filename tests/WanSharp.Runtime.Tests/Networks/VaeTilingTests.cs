using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests.Networks;

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
    public void Tiles_CutAndBlended_GiveTheClip()
    {
        const int Scale = 4;
        const double Rounding = 1e-6; // shares are rounded to F32
        using var clip = Smooth([1, 3, 2, 16 * Scale, 20 * Scale]);
        using var blended = Tensor.Zeros(DType.F32, clip.Shape);
        var tiling = new VaeTiling(12, 12, 4);
        foreach (var (row, column) in new Tiles(tiling.Rows(16), tiling.Columns(20)).All)
        {
            using var tile = Tiles.Cut(clip, row, column, Scale);
            Tiles.Blend(tile, blended, row, column, Scale);
        }

        Assert.Equal(6, tiling.Count(16, 20));
        Assert.InRange(MeanDifference([clip], [blended]), 0, Rounding);
    }

    // How little that is from whole frames depends on trained weights: the Shapes model's test has it.
    [Fact]
    public void Decode_InTiles_IsEachTilesClipBlended()
    {
        using var network = NetworkFixture.Open("vae21");
        using var vae = new VaeRunner(fixture.Runtime, network.VaeConfig(), network.Store);
        using var latents = Smooth([1, 16, 3, 6, 10]);
        var tiling = new VaeTiling(6, 6);
        Tensor[] expected = [Tensor.Zeros(DType.F32, [1, 3, 1, 48, 80]), Tensor.Zeros(DType.F32, [1, 3, 4, 48, 80]), Tensor.Zeros(DType.F32, [1, 3, 4, 48, 80])];
        foreach (var (row, column) in new Tiles(tiling.Rows(6), tiling.Columns(10)).All)
        {
            using var part = Tiles.Cut(latents, row, column, scale: 1);
            foreach (var (step, piece) in vae.Decode(part, Cancellation).Index())
            {
                Tiles.Blend(piece, expected[step], row, column, scale: 8);
                piece.Dispose();
            }
        }

        var tiled = vae.Decode(latents, tiling, Cancellation).ToList();

        Assert.Equal(expected.Select(piece => piece.Shape), tiled.Select(piece => piece.Shape));
        Assert.Equal(0, MeanDifference(expected, tiled));
        Dispose([.. expected, .. tiled]);
    }

    [Fact]
    public void Decode_InATileThatHoldsTheFrame_IsTheSame()
    {
        using var network = NetworkFixture.Open("vae21");
        using var vae = new VaeRunner(fixture.Runtime, network.VaeConfig(), network.Store);
        using var latents = Smooth([1, 16, 2, 4, 6]);

        var whole = vae.Decode(latents, Cancellation).ToList();
        var tiled = vae.Decode(latents, new VaeTiling(6, 6), Cancellation).ToList();

        Assert.Equal(0, MeanDifference(whole, tiled));
        Dispose(whole);
        Dispose(tiled);
    }

    [Fact]
    public void Decode_InTilesGivenUpHalfway_KeepsNothing()
    {
        using var runtime = OrtRuntime.Create(); // of its own: other tests run at the same time
        using var network = NetworkFixture.Open("vae21");
        using var vae = new VaeRunner(runtime, network.VaeConfig(), network.Store);
        using var latents = Smooth([1, 16, 2, 6, 10]);
        Dispose([.. vae.Decode(latents, Cancellation)]); // compiles
        var before = runtime.Api.LiveObjects;

        vae.Decode(latents, new VaeTiling(6, 6), Cancellation).First().Dispose();

        Assert.Equal(before, runtime.Api.LiveObjects);
    }

    private static double MeanDifference(IReadOnlyList<Tensor> left, IReadOnlyList<Tensor> right)
    {
        var (sum, count) = (0.0, 0L);
        foreach (var (a, b) in left.Zip(right))
        {
            var x = a.Read<float>();
            var y = b.Read<float>();
            for (var i = 0; i < x.Length; i++)
            {
                sum += Math.Abs(x[i] - y[i]);
            }

            count += x.Length;
        }

        return sum / count;
    }

    private static void Dispose(List<Tensor> tensors) => tensors.ForEach(tensor => tensor.Dispose());

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
}
