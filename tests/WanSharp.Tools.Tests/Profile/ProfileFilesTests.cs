using System.Text.Json;
using WanSharp.Tools.Profile;

namespace WanSharp.Tools.Tests.Profile;

public sealed class ProfileFilesTests
{
    private static readonly ProfiledSpan[] Spans =
    [
        new("stage denoise", "clip", 0, 1),
        new("step", "thread 1", 0.1, 0.4),
        new("graph block 0", "thread 1", 0.1, 0.1),
        new("graph block 1", "thread 1", 0.3, 0.1),
        new("step", "thread 1", 0.5, 0.4),
        new("graph block 0", "thread 1", 0.6, 0.2),
        new("work decode", "thread 2", 0.2, 0.3),
    ];

    private static readonly ProfileReport Report = new()
    {
        Title = "shapes </script>",
        Clips = 1,
        Seconds = 1,
        Overhead = 0.01,
        Spans = Spans,
        Flame = FlameTree.Of(Spans.Where(span => span.Lane != "clip")),
        Memory = [new MemorySample(0, 100, 10), new MemorySample(1, 200, 20)],
        Stages = [new StageProfile("denoise", 0.8, 1e9, 1e8, 0.5) { PeakOperations = 2e9 }],
        PeakOperations = 1e10,
        Roofs = new Dictionary<string, double> { ["products in F32"] = 1e10, ["attention"] = 1e9 },
        PeakBytes = 1e9,
        IdleSeconds = 0,
        WaitSeconds = 0,
    };

    [Fact]
    public void Of_SpansOfLanes_NestsThemByTime()
    {
        var step = Report.Flame.Children[0];

        Assert.Equal(("step", 0.8, 2), (step.Name, Math.Round(step.Seconds, 6), step.Count));
        Assert.Equal(["graph block 0", "graph block 1"], step.Children.Select(child => child.Name));
        Assert.Equal((0.3, 2), (Math.Round(step.Children[0].Seconds, 6), step.Children[0].Count));
        Assert.Equal("work decode", Report.Flame.Children[1].Name);
        Assert.Equal(1.1, Report.Flame.Seconds, 6);
    }

    [Fact]
    public void ChromeTrace_HasEachSpanInItsLane()
    {
        using var json = JsonDocument.Parse(ProfileFiles.ChromeTrace(Report));

        var events = json.RootElement.GetProperty("traceEvents").EnumerateArray().ToList();
        var block = events.Single(one => Text(one, "name") == "graph block 1");
        var lane = events.Single(one => Text(one, "ph") == "M" && one.GetProperty("tid").GetInt32() == block.GetProperty("tid").GetInt32());
        Assert.Equal(
            ("X", 300_000.0, 100_000.0),
            (Text(block, "ph"), block.GetProperty("ts").GetDouble(), block.GetProperty("dur").GetDouble())
        );
        Assert.Equal("thread 1", Text(lane.GetProperty("args"), "name"));
        Assert.Equal(2, events.Count(one => Text(one, "ph") == "C"));
    }

    [Fact]
    public void Speedscope_OpensAndClosesEachSpanInOrder()
    {
        using var json = JsonDocument.Parse(ProfileFiles.Speedscope(Report));

        foreach (var profile in json.RootElement.GetProperty("profiles").EnumerateArray())
        {
            var (open, last) = (new Stack<int>(), 0.0);
            foreach (var one in profile.GetProperty("events").EnumerateArray())
            {
                var at = one.GetProperty("at").GetDouble();
                Assert.True(at >= last);
                last = at;
                if (Text(one, "type") == "O")
                {
                    open.Push(one.GetProperty("frame").GetInt32());
                }
                else
                {
                    Assert.Equal(open.Pop(), one.GetProperty("frame").GetInt32());
                }
            }

            Assert.Empty(open);
        }
    }

    [Fact]
    public void Write_ThePage_NeedsNothingElseAndEscapesNames()
    {
        var page = ProfilePage.Write(Report);

        Assert.Contains("shapes &lt;/script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("const tree = {\"n\":\"all\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=\"http", page, StringComparison.Ordinal);
        Assert.Equal(5, page.Split("<polyline").Length - 1); // memory, ONNX Runtime's of it, and the roofs
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
