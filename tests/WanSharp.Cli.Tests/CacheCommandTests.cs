using System.Diagnostics;
using System.Text.Json;
using WanSharp.Storage;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

public sealed class CacheCommandTests : IDisposable
{
    private const string Key = "00112233445566778899aabbccddeeff";
    private const string OtherKey = "ffeeddccbbaa99887766554433221100";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Stats_TellsWhatEachSectionHolds()
    {
        using (var results = Open(CacheSections.Results))
        {
            results.Put(Key, new byte[1000]);
            results.TryRead(Key);
            results.TryRead(OtherKey);
        }

        var text = await RunAsync("stats");
        Assert.Equal(ExitCode.Done, text.ExitCode);
        Assert.Contains("results", text.Out, StringComparison.Ordinal);
        using var json = JsonDocument.Parse((await RunAsync("stats", "--json")).Out);
        Assert.Equal(CacheSections.All, json.RootElement.GetProperty("sections").EnumerateObject().Select(section => section.Name));
        var section = json.RootElement.GetProperty("sections").GetProperty("results");
        Assert.Equal(1, section.GetProperty("entries").GetInt32());
        Assert.InRange(section.GetProperty("bytes").GetInt64(), 1000, 2000);
        Assert.Equal(1, section.GetProperty("hits").GetInt64());
        Assert.Equal(1, section.GetProperty("misses").GetInt64());
        Assert.Equal(40_000_000_000, json.RootElement.GetProperty("sections").GetProperty("weights").GetProperty("limit").GetInt64());
    }

    [Fact]
    public async Task Graphs_OfTwoProcessesAtOnce_AreCompiledByOneAndLoadedByTheOther()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The processes are Linux's.");
        using var one = Start("one.png");
        using var two = Start("two.png");
        var errors = await Task.WhenAll(
            new[] { one, two }.Select(wan => wan.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken))
        );
        await Task.WhenAll(
            one.WaitForExitAsync(TestContext.Current.CancellationToken),
            two.WaitForExitAsync(TestContext.Current.CancellationToken)
        );

        Assert.True((one.ExitCode, two.ExitCode) == (ExitCode.Done, ExitCode.Done), string.Join('\n', errors));
        using var stats = JsonDocument.Parse((await RunAsync("stats", "--json")).Out);
        var network = stats
            .RootElement.GetProperty("graphs")
            .GetProperty("by_graph")
            .EnumerateArray()
            .Single(graph => graph.GetProperty("graph").GetString() == "transformer_step");
        Assert.Equal(
            (1, 1, 0),
            (network.GetProperty("misses").GetInt32(), network.GetProperty("loads").GetInt32(), network.GetProperty("invalid").GetInt32())
        );
        Assert.Single(Directory.GetFiles(Path.Combine(_folder["cache"], "graphs"), "graph.onnx", SearchOption.AllDirectories));

        Process Start(string clip)
        {
            string[] args =
            [
                "generate",
                "a star",
                "--size",
                "32x32",
                "--frames",
                "1",
                "--steps",
                "1",
                "--compile",
                "whole",
                "-o",
                _folder[clip],
            ];
            var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "wan"), args)
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            };
            start.Environment["WAN_CACHE"] = _folder["cache"];
            return Process.Start(start)!;
        }
    }

    [Fact]
    public async Task Prune_ToASize_CountsAllSectionsTogether()
    {
        using (var features = Open(CacheSections.Features, new Ago(TimeSpan.FromHours(1))))
        using (var results = Open(CacheSections.Results))
        {
            features.Put(Key, new byte[5000]);
            results.Put(Key, new byte[5000]);
        }

        var run = await RunAsync("prune", "--max-size", "7KB", "--older-than", "30d");
        Assert.StartsWith("features: 1 removed", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("results", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prune_ToAnAge_RemovesWhatIsOlder()
    {
        using (var old = Open(CacheSections.Results, new Ago(TimeSpan.FromDays(8))))
        using (var young = Open(CacheSections.Results))
        {
            old.Put(Key, new byte[1]);
            young.Put(OtherKey, new byte[1]);
        }

        using var json = JsonDocument.Parse((await RunAsync("prune", "--older-than", "7d", "--json")).Out);
        Assert.Equal(1, json.RootElement.GetProperty("results").GetProperty("removed").GetInt32());
        using var store = Open(CacheSections.Results);
        Assert.True(store.Contains(OtherKey));
        Assert.False(store.Contains(Key));
    }

    [Fact]
    public async Task Clear_OfASection_LeavesTheOthers()
    {
        using var features = Open(CacheSections.Features);
        using var results = Open(CacheSections.Results);
        features.Put(Key, new byte[1]);
        results.Put(Key, new byte[1]);

        Assert.Contains("results: 1 removed", (await RunAsync("clear", "results")).Out, StringComparison.Ordinal);
        Assert.True(features.Contains(Key));
        Assert.Contains("features: 1 removed", (await RunAsync("clear")).Out, StringComparison.Ordinal);
        Assert.Contains("Nothing to remove", (await RunAsync("clear")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clear_OfWhatIsInUse_LeavesItAndSaysSo()
    {
        using var weights = Open(CacheSections.Weights);
        weights.Put(Key, new byte[1]);
        using var held = weights.TryOpen(Key);
        Assert.Contains("1 stay, in use", (await RunAsync("clear")).Out, StringComparison.Ordinal);
        Assert.True(weights.Contains(Key));
    }

    [Theory]
    [InlineData("--older-than", "7w", "7d")]
    [InlineData("--older-than", "-1d", "7d")]
    [InlineData("--older-than", "99999999999999d", "7d")]
    [InlineData("--max-size", "20", "20GB")]
    [InlineData("--max-size", "1e9GB", "20GB")]
    [InlineData("--max-size", "99999999999TB", "20GB")]
    public async Task Prune_OfSomethingElse_SaysWhatToWrite(string option, string value, string expected) =>
        (await RunAsync("prune", option, value)).AssertFailed(ExitCode.WrongUsage, expected);

    [Fact]
    public async Task Prune_WithoutLimits_AsksForOne() => (await RunAsync("prune")).AssertFailed(ExitCode.WrongUsage, "--older-than");

    [Fact]
    public async Task Clear_OfAnUnknownSection_NamesTheNearest() =>
        (await RunAsync("clear", "result")).AssertFailed(ExitCode.WrongUsage, "results");

    private ContentStore Open(string section, TimeProvider? clock = null) => new CacheRoot(_folder["cache"], clock).Open(section);

    private Task<CommandLineRun> RunAsync(params string[] args) =>
        CommandLineRun.RunAsync(
            ["cache", .. args],
            variables: new() { ["WAN_CACHE"] = _folder["cache"] },
            cancellationToken: TestContext.Current.CancellationToken
        );

    private sealed class Ago(TimeSpan time) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - time;
    }
}
