using WanSharp.Engine.Strategies;
using WanSharp.Runtime;
using WanSharp.Storage;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Strategies;

public sealed class AutotunerTests : IDisposable
{
    private static readonly string[] Names = ["blocks", "fixed", "whole"];

    private readonly TemporaryFolder _folder = new();
    private readonly ContentStore _store;
    private int _timed;

    public AutotunerTests() => _store = new ContentStore(_folder["tunings"]);

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1.0, 1.2, 0.8, "whole")]
    [InlineData(1.0, 0.98, 1.5, "blocks")] // within what timings differ by
    [InlineData(1.0, 0.9, 0.89, "fixed")]
    public async Task Measure_OfSeveralWays_KeepsTheFastestOnce(double blocks, double fixedShapes, double whole, string expected)
    {
        var times = Names.Zip([blocks, fixedShapes, whole]).ToDictionary(pair => pair.First, pair => pair.Second);
        var tuner = new Autotuner(_store, TimeProvider.System);
        Assert.Null(tuner.Find("graph", Names));

        var result = await tuner.MeasureAsync("graph", Names, name => Time(times[name]));

        Assert.Equal(expected, result.Kept);
        Assert.StartsWith($"max-autotune: kept {expected}, ", result.Describe(), StringComparison.Ordinal);
        var next = new Autotuner(_store, TimeProvider.System); // another process
        Assert.Equal(result.Describe(), next.Find("graph", Names)!.Describe());
        await next.MeasureAsync("graph", Names, Time);
        Assert.Equal(Names.Length + 1, _timed); // the first one twice
        Assert.Null(next.Find("another graph", Names));
        Assert.Null(next.Find("graph", ["blocks", "fixed"]));
    }

    [Fact]
    public async Task Measure_OfAWayThatDoesNotCompile_LeavesItOut()
    {
        var result = await new Autotuner(null, TimeProvider.System).MeasureAsync(
            "graph",
            Names,
            name => name == "whole" ? throw new OrtException(OrtErrorCode.Fail, "no") : Time(1)
        );

        Assert.Equal(["blocks", "fixed"], result.Seconds.Keys);
    }

    [Theory]
    [InlineData("blocks", "fixed")]
    [InlineData("fixed", "blocks")]
    public async Task Measure_OfAWayThatFailsInAnyManner_KeepsTheOthersAndSaysWhy(string failing, string expected)
    {
        var result = await new Autotuner(_store, TimeProvider.System).MeasureAsync(
            "graph",
            Names,
            name => name == failing ? throw new ArgumentException("257 rows") : Time(1)
        );

        Assert.Equal(expected, result.Kept);
        Assert.Contains(
            $"{failing} could not be timed: 257 rows",
            new Autotuner(_store, TimeProvider.System).Find("graph", Names)!.Describe(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Measure_WhereNoWayCanBeTimed_TakesTheSimplestAndIsAskedAgainByTheNextProcess()
    {
        var tuner = new Autotuner(_store, TimeProvider.System);

        var result = await tuner.MeasureAsync("graph", Names, _ => throw new ArgumentException("257 rows"));

        Assert.Equal("blocks", result.Kept);
        Assert.StartsWith(
            "max-autotune: blocks, untimed; blocks could not be timed: 257 rows",
            tuner.Find("graph", Names)!.Describe(),
            StringComparison.Ordinal
        );
        Assert.Null(new Autotuner(_store, TimeProvider.System).Find("graph", Names));
    }

    [Fact]
    public async Task Measure_Cancelled_IsCancelled() =>
        await Assert.ThrowsAsync<OperationCanceledException>(() =>
            new Autotuner(_store, TimeProvider.System).MeasureAsync("graph", Names, _ => throw new OperationCanceledException())
        );

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("""{"kept":"whole","seconds":{"blocks":1},"measured":"2026-01-01T00:00:00Z"}""")]
    [InlineData("""{"kept":"blocks","seconds":{"blocks":0},"measured":"2026-01-01T00:00:00Z"}""")]
    public void FromJson_OfWhatIsNoResult_IsNull(string json) =>
        Assert.Null(TuningResult.FromJson(System.Text.Encoding.UTF8.GetBytes(json)));

    private Task<double> Time(double seconds)
    {
        _timed++;
        return Task.FromResult(seconds);
    }

    private Task<double> Time(string name) => Time(1.0);
}
