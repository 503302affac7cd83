using WanSharp.Engine.Requests;
using WanSharp.Runtime;
using WanSharp.Tools.Optimize;

namespace WanSharp.Tools.Tests.Optimize;

/// <summary>The search on a machine that is made up: times multiply, losses add up, and one pair is worse than it looks.</summary>
public sealed class WaySearchTests
{
    private static readonly LeverChoice Half = new("steps", "10", clip => clip with { Steps = 10 });
    private static readonly LeverChoice Few = new("steps", "5", clip => clip with { Steps = 5 });
    private static readonly LeverChoice Cache = new("step cache", "easy", clip => clip);
    private static readonly LeverChoice Slow = new("sampler", "slow", clip => clip);
    private static readonly LeverChoice Integers = new("precision", "int8", clip => clip) { Precision = Precision.EightBit };
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
        var goal = new OptimizeGoal { Within = TimeSpan.FromSeconds(36) };

        var (search, _) = Run(goal, start: 1);

        Assert.Equal("precision int8, steps 10", goal.Best(search.Measured)!.Way.Key);
    }

    [Fact]
    public void Best_ForATime_CountsTheStartOfEachWayAlone()
    {
        var goal = new OptimizeGoal { Within = TimeSpan.FromSeconds(52) };

        var (search, _) = Run(goal, start: 1, startOfIntegers: 60);

        Assert.Equal("steps 10", goal.Best(search.Measured)!.Way.Key); // 51 s, whatever 8-bit integers take to begin
        Assert.Contains(search.Front, way => way.Way.Key == "steps 10");
        Assert.DoesNotContain(search.Measured, way => way.Way.Precision is not null && goal.IsFulfilledBy(way));
    }

    [Fact]
    public void Next_AfterAWayThatCannotBeMade_LeavesItsChoiceOut()
    {
        var search = new WaySearch(All);
        foreach (var way in search.Alone)
        {
            if (way.Choices.Contains(Integers))
            {
                search.Drop(way);
            }
            else
            {
                search.Add(Measure(way));
            }
        }

        var pair = Way.Own.With(Half)!.With(Cache)!;
        search.Drop(pair);
        while (search.Next(new OptimizeGoal()) is { } next)
        {
            Assert.NotEqual(pair.Key, next.Key);
            Assert.DoesNotContain(Integers, next.Choices);
            search.Add(Measure(next));
        }
    }

    [Fact]
    public void Front_HasTheModelsOwnWayFirst_AndNothingThatIsWorseInAll()
    {
        var (search, _) = Run(new OptimizeGoal());

        Assert.Empty(search.Front[0].Way.Choices);
        Assert.Equal(search.Front.OrderByDescending(way => way.Seconds), search.Front);
        Assert.Equal(search.Front.OrderBy(way => way.WorstLoss), search.Front);
        Assert.DoesNotContain(search.Front, way => way.Way.Choices.Contains(Slow));
    }

    /// <summary>What is wanted by default is looked for, too, and shares of the time in turn with it, each of them.</summary>
    [Fact]
    public void Next_WithoutAGoal_FindsTheFastestWayOfLittleLoss()
    {
        var goal = new OptimizeGoal();
        Assert.Equal(0.03, goal.MaxLoss);
        Assert.Null((goal with { Within = TimeSpan.FromHours(1) }).MaxLoss);

        var (search, _) = Run(goal);

        Assert.Equal("precision int8, step cache easy", goal.Best(search.Measured)!.Way.Key);
    }

    /// <summary>Ways that broke their word on other prompts are nobody's, and those that kept it are no better than it.</summary>
    [Fact]
    public void Judge_OfAWayThatBreaksItsWord_TakesItOffTheFront()
    {
        var goal = new OptimizeGoal { MaxLoss = 0.05 };
        var (search, _) = Run(goal);
        var best = goal.Best(search.Front)!;
        var next = goal.Best(search.Front.Where(way => way != best))!;

        search.Judge(best with { Loss = 0.01, WorstLoss = 0.06 }, keepsWord: false);
        search.Judge(next with { Seconds = next.Seconds + 1, WorstLoss = 0 }, keepsWord: true);

        Assert.DoesNotContain(search.Front, way => way.Way == best.Way);
        var judged = goal.Best(search.Front)!;
        Assert.Equal((next.Way.Key, next.Seconds + 1, next.WorstLoss), (judged.Way.Key, judged.Seconds, judged.WorstLoss));
    }

    /// <summary>A way that takes longer for a clip and begins sooner is on the front, and is not the model's own.</summary>
    [Fact]
    public void Front_WhereAnotherWayIsSlowerAndBeginsSooner_BeginsWithTheModelsOwn()
    {
        var search = new WaySearch([Slow, Half]);
        var slow = Way.Own.With(Slow)!;
        search.Add(new MeasuredWay(Way.Own, 10, StartSeconds: 8, Loss: 0, WorstLoss: 0));
        search.Add(new MeasuredWay(slow, 11, StartSeconds: 1, Loss: 0, WorstLoss: 0));
        Assert.Equal([Way.Own.Key, slow.Key], search.Front.Select(way => way.Way.Key));

        search.Add(new MeasuredWay(Way.Own.With(Half)!, 9.9, StartSeconds: 7, Loss: 0, WorstLoss: 0)); // better in all
        Assert.Equal(Way.Own.Key, search.Front[0].Way.Key);
    }

    [Fact]
    public void With_ChoicesThatDoNotGoTogether_IsNoWay()
    {
        Assert.Null(Way.Own.With(Half)!.With(Few));
        Assert.Null(Way.Own.With(Preset)!.With(Cache));
        Assert.Null(Way.Own.With(Cache)!.With(Preset));
        Assert.Equal(Precision.EightBit, Way.Own.With(Preset)!.With(Integers)!.Precision);
        Assert.Equal(10, Way.Own.With(Half)!.Settings(new ClipSettings { Frames = 5 }).Steps);
    }

    private static (WaySearch Search, int Tried) Run(OptimizeGoal goal, double start = 0, double startOfIntegers = 0)
    {
        var search = new WaySearch(All);
        foreach (var way in search.Alone)
        {
            search.Add(Measure(way, start, startOfIntegers));
        }

        var tried = 0;
        for (; search.Next(goal) is { } next; tried++)
        {
            Assert.DoesNotContain(search.Measured, known => known.Way.Key == next.Key);
            search.Add(Measure(next, start, startOfIntegers));
        }

        return (search, tried);
    }

    private static MeasuredWay Measure(Way way, double start = 0, double startOfIntegers = 0)
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
        return new MeasuredWay(way, seconds, start + (way.Choices.Contains(Integers) ? startOfIntegers : 0), loss, loss);
    }
}
