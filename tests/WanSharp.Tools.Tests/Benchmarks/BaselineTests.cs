using WanSharp.Testing;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Tools.Tests.Benchmarks;

public class BaselineTests
{
    [Theory]
    [InlineData(1.0, false)] // the same
    [InlineData(0.8, false)] // faster
    [InlineData(1.05, false)] // slower, within the default tolerance of a tenth
    [InlineData(1.2, true)] // slower by more
    public void Compare_OfAForwardPassOfOtherSpeed_KnowsWorse(double seconds, bool isWorse)
    {
        var changes = Baseline.Compare(Report(1), Report(seconds));

        var change = Assert.Single(changes);
        Assert.Equal("share_of_peak", change.Name);
        Assert.Equal(0.8, change.Before, precision: 6);
        Assert.Equal(0.8 / seconds, change.Now!.Value, precision: 6);
        Assert.Equal(isWorse, change.IsWorse);
    }

    [Fact]
    public void Compare_WithTolerances_TakesTheCallersBeforeTheFiles()
    {
        var saved = Report(1) with { Tolerance = 0.5 };

        Assert.False(Assert.Single(Baseline.Compare(saved, Report(1.2))).IsWorse);
        Assert.True(Assert.Single(Baseline.Compare(saved, Report(1.2), tolerance: 0.01)).IsWorse);
    }

    [Fact]
    public void Compare_WithAPeer_ComparesTheRatiosToIt()
    {
        var (saved, slower) = (WithPeer(Report(1), seconds: 2), WithPeer(Report(1), seconds: 1.5));

        var changes = Baseline.Compare(saved, slower);

        Assert.Equal(["share_of_peak", "times_torch_f32", "times_torch_bf16", "times_torch_start"], changes.Select(change => change.Name));
        Assert.Equal([false, true, true, false], changes.Select(change => change.IsWorse));
    }

    [Fact]
    public void Compare_WithoutThePeerOfTheBaseline_CallsItsRatiosWorse()
    {
        var changes = Baseline.Compare(WithPeer(Report(1), seconds: 2), Report(1));

        Assert.Equal([false, true, true, true], changes.Select(change => change.IsWorse));
        Assert.Equal([true, false, false, false], changes.Select(change => change.Now is not null));
    }

    [Fact]
    public void Compare_OfOtherWorkloads_IsRefused()
    {
        var error = Assert.Throws<BenchmarkException>(() => Baseline.Compare(Report(1), Report(1) with { Workload = "vae 1.3b" }));

        Assert.Contains("\"vae 1.3b\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfAWrittenReport_GivesTheSame()
    {
        using var folder = new TemporaryFolder();
        var report = WithPeer(Report(1), seconds: 2) with { PeakPrivateBytes = 123, Tolerance = 0.2 };
        File.WriteAllText(folder["report.json"], report.ToJson());

        var read = BenchmarkReport.Read(folder["report.json"]);

        Assert.Equal(report.ToJson(), read.ToJson());
        Assert.Equal(report.Peer, read.Peer);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"workload": "dit"}""")]
    public void Read_OfSomethingElse_NamesTheFile(string text)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["report.json"], text);

        var error = Assert.Throws<BenchmarkException>(() => BenchmarkReport.Read(folder["report.json"]));

        Assert.Contains(folder["report.json"], error.Message, StringComparison.Ordinal);
    }

    private static BenchmarkReport Report(double seconds) =>
        new()
        {
            Workload = "dit shapes",
            Date = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
            Machine = "a machine",
            Threads = 2,
            OnnxRuntime = "1.30.0",
            Operations = 80,
            Forward = new Timing(seconds, seconds, 1),
            PeakOperationsPerSecond = 100,
            StartToFirst = 3,
            Operators = [new OperatorShare("Gemm", 1, 1)],
        };

    private static BenchmarkReport WithPeer(BenchmarkReport report, double seconds)
    {
        var timing = new Timing(seconds, seconds, 1);
        return report with
        {
            Peer = new PeerReport("1.13", 2, 9, timing, timing, new OutputDifference(0, 0), new OutputDifference(0.1, 0.01)),
        };
    }
}
