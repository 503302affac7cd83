using System.Text.Json;
using System.Xml.Linq;
using WanSharp.Jobs.Reports;

namespace WanSharp.Jobs.Tests.Reports;

public class BatchReportTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void From_OfJobs_SumsThemUp()
    {
        var report = BatchReport.From(Jobs(), Start);

        Assert.Equal((5, 3, 1, 1), (report.Total, report.Succeeded, report.Failed, report.Open));
        Assert.Equal((1, 2, 0.3333), (report.Hits, report.New, report.HitRate));
        Assert.Equal(7, report.SavedSeconds);
        Assert.Equal(15, report.WorkingSeconds); // 0..10 and 5..12 overlap; 100..103 stands alone
        Assert.Equal(12, report.ClipsPerMinute);
        Assert.Equal((8.5, 10), (report.MeanSeconds, report.WorstSeconds));
        Assert.Equal(8, report.StageSeconds["denoise"]);
        Assert.Equal(1.5, report.MeanBatchSize);
        Assert.Equal(5, JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("jobs").GetArrayLength());
    }

    [Fact]
    public void Html_OfAReport_IsWholeAndNeedsNothingElse()
    {
        var html = HtmlReport.Write(BatchReport.From(Jobs(), Start), new Dictionary<string, byte[]> { ["1.mp4"] = [1, 2, 3] });

        Assert.Contains("data:image/jpeg;base64,AQID", html, StringComparison.Ordinal);
        Assert.Contains("1.mp4: wait 1.00 s", html, StringComparison.Ordinal); // between its stages
        Assert.Contains("it &lt;broke&gt;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("NaN", html, StringComparison.Ordinal);
        foreach (var svg in html.Split("<svg").Skip(1))
        {
            XElement.Parse("<svg" + svg.Split("</svg>")[0] + "</svg>"); // well-formed
        }
    }

    [Fact]
    public void Page_ProvesHowAClipWasMade()
    {
        var job = Jobs()[0] with { Settings = """{"prompt":"a","steps":4,"seed":7}""", Sha256 = "abc123" };

        var html = HtmlReport.Write(BatchReport.From([job], Start), new Dictionary<string, byte[]>());

        Assert.Contains("steps 4, seed 7", html, StringComparison.Ordinal);
        Assert.Contains("abc123", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Html_OfNoJobs_IsWhole()
    {
        var html = HtmlReport.Write(BatchReport.From([], Start), new Dictionary<string, byte[]>());

        Assert.EndsWith("</html>\n", html, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", html, StringComparison.Ordinal);
    }

    private static List<Job> Jobs() =>
        [
            Job(
                1,
                JobState.Succeeded,
                0,
                10,
                new JobOutcome
                {
                    ComputeSeconds = 6,
                    MeanBatchSize = 2,
                    StageSeconds = new Dictionary<string, double> { ["denoise"] = 5 },
                    Spans = [new StageSpan("encode", 0, 1), new StageSpan("denoise", 2, 7)],
                }
            ),
            Job(
                2,
                JobState.Succeeded,
                5,
                12,
                new JobOutcome
                {
                    ComputeSeconds = 3,
                    MeanBatchSize = 1,
                    StageSeconds = new Dictionary<string, double> { ["denoise"] = 3 },
                    Spans = [new StageSpan("denoise", 0, 3), new StageSpan("decode", 3, 7)],
                }
            ),
            Job(3, JobState.Succeeded, 100, 103, new JobOutcome { FromCache = true, ComputeSeconds = 7 }),
            Job(4, JobState.Failed, 20, 21, null) with
            {
                Error = "it <broke>",
            },
            Job(5, JobState.Queued, null, null, null),
        ];

    private static Job Job(long id, JobState state, int? from, int? to, JobOutcome? outcome) =>
        new()
        {
            Id = id,
            Output = $"{id}.mp4",
            Request = new JobRequest { Prompt = "<prompt>" },
            State = state,
            StartedAt = from is { } started ? Start.AddSeconds(started) : null,
            FinishedAt = to is { } finished ? Start.AddSeconds(finished) : null,
            Outcome = outcome,
        };
}
