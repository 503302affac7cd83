using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Tools.Optimize;

namespace WanSharp.Tools.Tests.Optimize;

/// <summary>The search on a machine that is made up: times multiply, losses add up, and one pair is worse than it looks.</summary>
public sealed class WaySearchTests
{
    private static readonly LeverChoice Half = new("steps", "10", clip => clip with { Steps = 10 });
    private static readonly LeverChoice Few = new("steps", "5", clip => clip with { Steps = 5 });
    private static readonly LeverChoice Cache = new("step cache", "easy", clip => clip);
    private static readonly LeverChoice Slow = new("sampler", "slow", clip => clip);
    private static readonly LeverChoice Integers = new("precision", "int8", clip => clip) { Precision = Quantization.EightBit };
    private static readonly LeverChoice Preset = new("preset", "quick", clip => clip with { Preset = "quick" }) { IsWhole = true };

    private static readonly LeverChoice[] All = [Half, Few, Cache, Slow, Integers, Preset];

    [Fact]
    public void Next_ForALoss_FindsTheFastestWayWithinIt()
    {
        var goal = new OptimizeGoal { MaxLoss = 0.05 };

        var (search, tried) = Run(goal);

        Assert.Equal("precision int8, steps 10", goal.Best(search.Measured)!.Way.Key);
        Assert.InRange(tried, 1, 12);
    }

    [Fact]
    public void Next_ForATime_FindsTheLeastLoss()
    {
        var goal = new OptimizeGoal { Within = TimeSpan.FromSeconds(36), Start = TimeSpan.FromSeconds(1) };

        var (search, _) = Run(goal);

        Assert.Equal("precision int8, steps 10", goal.Best(search.Measured)!.Way.Key);
    }

    [Fact]
    public void Front_HasTheModelsOwnWayFirst_AndNothingThatIsWorseInAll()
    {
        var (search, _) = Run(new OptimizeGoal());

        Assert.Empty(search.Front[0].Way.Choices);
        Assert.Equal(search.Front.OrderByDescending(way => way.Seconds), search.Front);
        Assert.Equal(search.Front.OrderBy(way => way.Worst), search.Front);
        Assert.DoesNotContain(search.Front, way => way.Way.Choices.Contains(Slow));
    }

    [Fact]
    public void With_ChoicesThatDoNotGoTogether_IsNoWay()
    {
        Assert.Null(Way.Own.With(Half)!.With(Few));
        Assert.Null(Way.Own.With(Preset)!.With(Cache));
        Assert.Null(Way.Own.With(Cache)!.With(Preset));
        Assert.Equal(Quantization.EightBit, Way.Own.With(Preset)!.With(Integers)!.Precision);
        Assert.Equal(10, Way.Own.With(Half)!.Settings(new ClipSettings { Frames = 5 }).Steps);
    }

    private static (WaySearch Search, int Tried) Run(OptimizeGoal goal)
    {
        var search = new WaySearch(All);
        foreach (var way in search.Alone)
        {
            search.Add(Measure(way));
        }

        var tried = 0;
        for (; search.Next(goal) is { } next; tried++)
        {
            Assert.DoesNotContain(search.Measured, known => known.Way.Key == next.Key);
            search.Add(Measure(next));
        }

        return (search, tried);
    }

    private static MeasuredWay Measure(Way way)
    {
        var (seconds, loss) = (100.0, 0.0);
        foreach (var choice in way.Choices)
        {
            (seconds, loss) = choice switch
            {
                _ when choice == Half => (seconds * 0.5, loss + 0.02),
                _ when choice == Few => (seconds * 0.25, loss + 0.2),
                _ when choice == Cache => (seconds * 0.6, loss + 0.01),
                _ when choice == Slow => (seconds * 1.5, loss + 0.1),
                _ when choice == Preset => (seconds * 0.1, loss + 0.4),
                _ => (seconds * 0.7, loss + 0.015),
            };
        }

        loss += way.Choices.Contains(Half) && way.Choices.Contains(Cache) ? 0.3 : 0; // more than either says
        return new MeasuredWay(way, seconds, loss, loss, 0);
    }
}
