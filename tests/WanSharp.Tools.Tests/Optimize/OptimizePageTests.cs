using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Runtime;
using WanSharp.Tools.Optimize;

namespace WanSharp.Tools.Tests.Optimize;

public sealed class OptimizePageTests
{
    [Fact]
    public void Write_DrawsTheFrontThatWasSearched()
    {
        // better in the mean, but not in what was searched: the worst clip
        var (own, slow, fast) = (Way("own", 10, 0, 0), Way("slow", 6, 0.002, 0.04), Way("fast", 4, 0.02, 0.05));
        var aside = Way("aside", 7, 0.001, 0.1);
        var startsSooner = Way("sooner", 8, 0.03, 0.06);

        var page = OptimizePage.Write(
            new OptimizeReport(
                "a model",
                [own, startsSooner, slow, fast],
                slow,
                new PresetForm(),
                slow,
                [0.01, 0.04],
                Forecast: 0.04,
                Kept: 2,
                KeptShare: 0.956,
                Rejected: 2,
                [own, slow, fast, aside, startsSooner],
                [new DroppedWay("preset <other>", "it is for other models")],
                new Dictionary<string, byte[]>()
            ),
            new OptimizeGoal { MaxLoss = 0.05 }
        );

        Assert.Contains("<polyline points=\"296,160 424,184 680,280\"/>", page, StringComparison.Ordinal);
        Assert.Contains("class=\"answer\" cx=\"424\" cy=\"184\"", page, StringComparison.Ordinal);
        Assert.Contains("so at least 95 of 100 others do", page, StringComparison.Ordinal);
        Assert.Contains("2 better ways broke their word", page, StringComparison.Ordinal);
        Assert.Contains("<li>preset &lt;other&gt;: it is for other models", page, StringComparison.Ordinal);
        Assert.DoesNotContain("not used", page, StringComparison.Ordinal);
    }

    private static SavedWay Way(string name, double seconds, double loss, double worst) =>
        new()
        {
            Choices = [name],
            Settings = new ClipSettings(),
            Made = "",
            Precision = Precision.Full.Name,
            Seconds = seconds,
            StartSeconds = 1,
            Loss = loss,
            WorstLoss = worst,
        };
}
