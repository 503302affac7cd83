using WanSharp.Testing;
using WanSharp.Tools.Benchmarks;
using WanSharp.Tools.Benchmarks.Memory;

namespace WanSharp.Tools.Tests.Benchmarks.Memory;

public sealed class MemoryReportTests
{
    [Fact]
    public async Task AReport_WrittenAndRead_IsTheSame()
    {
        using var folder = new TemporaryFolder();
        var report = Report(("third", 0.95), ("peak", 4));
        await File.WriteAllTextAsync(folder["report.json"], report.ToJson(), TestContext.Current.CancellationToken);

        Assert.Equal(report.ToJson(), MemoryReport.Read(folder["report.json"]).ToJson());
    }

    [Fact]
    public void Compare_WithAWorseRatio_CallsItWorse()
    {
        var changes = Report(("a", 0.8), ("b", 4)).CompareTo(Report(("a", 0.95), ("b", 4.1)));

        Assert.Equal([("third.a", true), ("third.b", false)], changes.Select(change => (change.Name, change.IsWorse)));
    }

    [Fact]
    public void Compare_WithOneOfAnotherShape_Throws() =>
        Assert.Throws<BenchmarkException>(() => Report(("a", 1)).CompareTo(Report(("a", 1)) with { Shape = "14b" }));

    private static MemoryReport Report(params (string Name, double Ratio)[] ratios) =>
        new()
        {
            Date = new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero),
            Machine = "a machine",
            Shape = "1.3b",
            Threads = 2,
            Rows =
            [
                new MemoryRowResult
                {
                    Row = MemoryRow.Third,
                    Goal = "completes",
                    IsReached = true,
                    Ratios = ratios.ToDictionary(ratio => ratio.Name, ratio => ratio.Ratio),
                    Figures = new Dictionary<string, double> { ["pass_seconds"] = 2 },
                },
            ],
        };
}
