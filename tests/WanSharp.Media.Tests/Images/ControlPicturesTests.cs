using WanSharp.Media.Images;

namespace WanSharp.Media.Tests.Images;

public class ControlPicturesTests
{
    private const int Side = 24;

    [Fact]
    public void Edges_OfASquare_AreItsOutlineOnePixelThin()
    {
        var edges = ControlPictures.Edges(Drawn((x, y) => x is >= 6 and < 18 && y is >= 6 and < 18 ? 255 : 0));

        for (var i = 8; i < 16; i++) // away from the corners
        {
            Assert.Equal([6, 18], Where(x => At(edges, x, i), [5, 6, 17, 18]));
            Assert.Equal([6, 18], Where(y => At(edges, i, y), [5, 6, 17, 18]));
        }

        Assert.All(edges.Pixels, value => Assert.True(value is 0 or 255));
        Assert.Equal(0, At(edges, 12, 12));
    }

    [Fact]
    public void Edges_OfAWeakLine_AreThereWhereAStrongOneTouchesIt()
    {
        // a step of 35 levels is a change of 140: between the thresholds
        var alone = ControlPictures.Edges(Drawn((x, _) => x < 12 ? 0 : 35));
        var touching = ControlPictures.Edges(
            Drawn(
                (x, y) =>
                    x < 12 ? 0
                    : y < 12 ? 35
                    : 200
            )
        );

        Assert.All(alone.Pixels, value => Assert.Equal(0, value));
        Assert.All(Enumerable.Range(0, Side), y => Assert.Contains((byte)255, new[] { At(touching, 11, y), At(touching, 12, y) }));
    }

    [Fact]
    public void Edges_OfOneColour_AreNone() =>
        Assert.All(ControlPictures.Edges(Drawn((_, _) => 90)).Pixels, value => Assert.Equal(0, value));

    [Fact]
    public void Luma_OfColours_WeighsThemAsTheEyeDoes()
    {
        var grey = ControlPictures.Luma(new RgbImage(4, 1, [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]));

        Assert.Equal([76, 76, 76, 150, 150, 150, 29, 29, 29, 255, 255, 255], grey.Pixels);
    }

    /// <summary>The places of edges, of two that are next to each other the second.</summary>
    private static int[] Where(Func<int, byte> at, int[] places) =>
        [.. places.Chunk(2).Select(pair => pair[^1]).Where((_, i) => places[(2 * i)..((2 * i) + 2)].Count(place => at(place) == 255) == 1)];

    private static byte At(RgbImage image, int x, int y) => image.Pixels[3 * ((y * image.Width) + x)];

    private static RgbImage Drawn(Func<int, int, int> level) =>
        new(Side, Side, [.. Enumerable.Range(0, Side * Side).SelectMany(i => Enumerable.Repeat((byte)level(i % Side, i / Side), 3))]);
}
