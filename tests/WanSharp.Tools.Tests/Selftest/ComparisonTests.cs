using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Tests.Selftest;

public class ComparisonTests
{
    [Theory]
    [InlineData(new float[] { 1, 2 }, 0, true)]
    [InlineData(new float[] { 1, 2.5f }, 0.5, true)]
    [InlineData(new float[] { 1, 2.75f }, 0.75, false)]
    [InlineData(new float[] { float.NaN, 2 }, double.PositiveInfinity, false)]
    [InlineData(new float[] { 1, float.NegativeInfinity }, double.PositiveInfinity, false)]
    [InlineData(new float[] { 1 }, double.PositiveInfinity, false)]
    [InlineData(new float[] { }, double.PositiveInfinity, false)]
    public void Of_TakesTheLargestDifference(float[] actual, double error, bool passes)
    {
        var comparison = Comparison.Of("x", actual, [1, 2], limit: 0.5);

        Assert.Equal(error, comparison.MaximumError);
        Assert.Equal(error / 2, comparison.RelativeError);
        Assert.Equal(passes, comparison.Passed);
    }

    [Fact]
    public void Of_ANumberWhereTheOriginalHasNone_Fails() => Assert.False(Comparison.Of("x", [1f], [float.NaN], limit: 1).Passed);

    [Theory]
    [InlineData(new long[] { 1, 2 }, true)]
    [InlineData(new long[] { 1, 3 }, false)]
    [InlineData(new long[] { 1 }, false)]
    [InlineData(new long[] { 1, 2, 3 }, false)]
    [InlineData(new long[] { 1, long.MaxValue }, false)]
    public void Exact_PassesEqualIntegersAlone(long[] actual, bool passes) =>
        Assert.Equal(passes, Comparison.Exact("x", actual, [1, 2]).Passed);

    [Fact]
    public void Worst_IsTheOneFurthestBeyondItsLimit()
    {
        Comparison near = new("near", 0.9, 0.9, 1),
            beyond = new("beyond", 2e-5, 2e-5, 1e-5),
            inexact = new("inexact", 1, 1, 0);

        Assert.Equal(beyond, new FixtureResult("f", [near, beyond], null, Skipped: false).Worst);
        Assert.Equal(inexact, new FixtureResult("f", [near, beyond, inexact], null, Skipped: false).Worst);
        Assert.False(new FixtureResult("f", [near, beyond], null, Skipped: false).Passed);
        Assert.False(new FixtureResult("nothing compared", [], null, Skipped: false).Passed);
    }
}
