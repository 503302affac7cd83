using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Tests.Quality;

public sealed class LossForecastTests
{
    [Fact]
    public void Of_SomeLosses_IsTheUpperEndOfStudentsPredictionInterval()
    {
        // 0.02 + t(2) · 0.01 · √(4/3), with t = 2.920
        Assert.Equal(0.02 + (2.920 * 0.01 * Math.Sqrt(4.0 / 3)), LossForecast.Of([0.01, 0.02, 0.03]), 1e-12);
        Assert.Equal(0.01, LossForecast.Of([0.01, 0.01, 0.01, 0.01]), 1e-12);
    }

    [Fact]
    public void Of_TooFew_IsTheWorst() => Assert.Equal(0.03, LossForecast.Of([0.01, 0.03]));

    /// <summary>Of clips whose losses are normally distributed 95 of 100 keep within it, however few were measured.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(40)]
    public void Of_ManyDraws_CoversNinetyFiveOfAHundred(int count)
    {
        var random = new Random(7);
        const int Draws = 20_000;
        var covered = Enumerable
            .Range(0, Draws)
            .Count(_ => Normal() <= LossForecast.Of([.. Enumerable.Range(0, count).Select(_ => Normal())]));

        Assert.InRange((double)covered / Draws, 0.945, 0.96);

        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
    }
}
