using WanSharp.Media.Images;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Tests.Quality;

public sealed class FilmDriftTests
{
    private const int Side = 32;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Measure_SectionsThatAreAlike_FindsNoDrift()
    {
        var drift = await FilmDrift.MeasureAsync(Frames(n => Picture(n, level => level)), [4, 5], Token);

        Assert.Equal([4, 5], drift.Select(section => section.Frames));
        Assert.All(drift, section => Assert.InRange(section.ColorDifference, 0, 0.5));
        Assert.All(drift, section => Assert.InRange(section.Sharpness, 0.95, 1.05));
        Assert.Null(drift[0].JointSsim);
        Assert.InRange(drift[1].JointSsim!.Value - drift[1].LeastOwnSsim!.Value, -0.01, 0.2);
    }

    [Fact]
    public async Task Measure_ASectionThatIsDarkerAndFlatter_SaysHowMuch()
    {
        var drift = await FilmDrift.MeasureAsync(Frames(n => Picture(n, level => n < 4 ? level : (level * 0.5) + 10)), [4, 4], Token);

        Assert.True(drift[1].ColorDifference > 10, $"{drift[1]}");
        Assert.InRange(drift[1].Sharpness, 0.2, 0.3);
        Assert.True(drift[1].JointSsim < drift[1].LeastOwnSsim, $"{drift[1]}");
    }

    [Fact]
    public async Task Measure_FewerFramesThanTheSectionsHave_IsRefused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => FilmDrift.MeasureAsync(Frames(n => Picture(n, level => level)), [4, 9], Token));

    private static async IAsyncEnumerable<RgbImage> Frames(Func<int, RgbImage> picture)
    {
        for (var n = 0; n < 9; n++)
        {
            await Task.Yield();
            yield return picture(n);
        }
    }

    /// <summary>Stripes that move by one pixel a frame.</summary>
    private static RgbImage Picture(int number, Func<double, double> level)
    {
        var pixels = new byte[Side * Side * 3];
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)level(((i / 3 % Side) + number) % 8 < 4 ? 60 : 180);
        }

        return new RgbImage(Side, Side, pixels);
    }
}
