using WanSharp.Engine.Requests;

namespace WanSharp.Engine.Tests.Requests;

public class FrameTimesTests
{
    [Theory]
    [InlineData(16, 64, 17, 65)]
    [InlineData(16, 48, 81, 241)]
    [InlineData(24, 60, 121, 301)]
    [InlineData(16, 24, 4, 5)] // 0, ⅔, 1⅓, 2, 2⅔
    [InlineData(30000, 60 * 1001, 300, 599)]
    [InlineData(16, 32, 1, 1)]
    [InlineData(16, 32, 0, 0)]
    public void Count_OfFrames_LeavesNoneBehindTheLast(long from, long to, int given, int expected)
    {
        var times = new FrameTimes(from, to);

        Assert.Equal(expected, times.Count(given));
        if (given > 0)
        {
            var (before, share) = times.At(expected - 1);
            Assert.True(before < given - 1 || (before == given - 1 && share == 0));
            Assert.True(times.At(expected).Before >= given - 1);
        }
    }

    [Fact]
    public void At_OfEachFrame_IsWhereItLies()
    {
        var times = new FrameTimes(16, 24);

        Assert.Equal([(0, 0f), (0, 16 / 24f), (1, 8 / 24f), (2, 0f)], Enumerable.Range(0, 4).Select(times.At));
        Assert.Equal((2_000_000_000 / 3 * 2, 0f), times.At(2_000_000_000 / 3 * 3)); // nothing overflows
    }
}
