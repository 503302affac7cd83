using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Tests.Quality;

public sealed class BoundTestTests
{
    private const double Bound = 0.03;

    [Fact]
    public void Add_OfClipsThatKeepIt_EndsWhenTheyAreEnough()
    {
        var test = Judge(BoundTest.MostClips, _ => 0.01);

        Assert.True(test.IsKept);
        Assert.Equal((70, 70, 0.95, 0.01), (test.Losses.Count, test.Kept, test.Share, test.Forecast));
    }

    [Fact]
    public void Add_OfFewThatAreOtherClips_AsksForMore()
    {
        var two = Judge(BoundTest.MostClips, i => i is 3 or 60 ? 0.3 : 0.01);
        Assert.True(two.IsKept);
        Assert.Equal((150, 148, 0.01), (two.Losses.Count, two.Kept, two.Forecast));

        var three = Judge(BoundTest.MostClips, i => i % 20 == 9 ? 0.3 : 0.01);
        Assert.False(three.IsKept);
        Assert.Equal(50, three.Losses.Count);
    }

    [Fact]
    public void Share_OfFewClips_IsWhatTheyShow()
    {
        var few = Judge(16, _ => 0.01);
        Assert.True(few.IsKept);
        Assert.Equal(0.829, few.Share, 0.001);

        Assert.Single(Judge(16, _ => 0.3).Losses); // nothing can be shown any more
        Assert.False(Judge(3, i => 0.02 * i / 2).IsKept); // others like them would break it
        Assert.True(new BoundTest(bound: null, 3).IsKept);
    }

    /// <summary>What it promises: of ways that 5 of 100 clips break, at most 5 of 100 pass.</summary>
    [Fact]
    public void Add_OfWaysThatBreakTheirWord_PassesFew()
    {
        var random = new Random(7);
        const int Ways = 1000;
        var passed = Enumerable.Range(0, Ways).Count(_ => Judge(BoundTest.MostClips, _ => random.NextDouble() < 0.05 ? 0.3 : 0.01).IsKept);

        Assert.InRange((double)passed / Ways, 0.02, 0.06);
    }

    private static BoundTest Judge(int most, Func<int, double> loss)
    {
        var test = new BoundTest(Bound, most);
        for (var i = 0; i < most && test.Add(loss(i)); i++) { }
        return test;
    }
}
