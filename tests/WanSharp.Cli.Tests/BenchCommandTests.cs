using System.Text.Json.Nodes;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

public sealed class BenchCommandTests : IDisposable
{
    private readonly TemporaryFolder _cache = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _cache.Dispose();

    [Theory]
    [InlineData("bench", "the network is missing: dit")]
    [InlineData("bench video", "choose dit, vae, text")]
    [InlineData("bench dit --shape 13b", "Did you mean 1.3b?")]
    [InlineData("bench dit --mode all", "choose blocks, whole")]
    [InlineData("bench dit --precision int4", "choose auto, fp32, fp16, bf16, int8")]
    [InlineData("bench vae --precision int8", "measure dit")]
    [InlineData("bench quality --clips 0", "the nearest is 1. Try: wan bench quality --help")]
    [InlineData("bench quality --precision fp32", "choose int8, fp16, bf16")]
    [InlineData("bench dit --weights I8", "choose F32, F16, BF16, F8, Q8_0, Q4_K")]
    [InlineData("bench dit --peer jax", "choose none, torch")]
    [InlineData("bench dit --runs 0", "--runs takes 1 or more")]
    [InlineData("bench dit --tolerance 1", "--tolerance takes a fraction")]
    [InlineData("bench dit --size 250x256", "width must be a multiple of 16")]
    [InlineData("bench dit --provider gpu", "choose ")]
    [InlineData("bench memory --row fourth", "choose compile, start, sizes, third, peak, 14b, failures")]
    [InlineData("bench end-to-end --measured-steps 2", "--measured-steps takes 3 or more")]
    [InlineData("bench memory --failures 0", "--failures takes 1 or more")]
    public async Task Bench_WithAWrongCommandLine_NamesTheWayOut(string commandLine, string expected) =>
        (await RunAsync(commandLine)).AssertFailed(ExitCode.WrongUsage, expected);

    [Fact]
    public async Task Bench_WithABaselineThatIsNone_NamesTheFile()
    {
        var file = _cache["baseline.json"];
        await File.WriteAllTextAsync(file, "not json", Token);

        (await RunAsync($"bench text --shape shapes --baseline {file}")).AssertFailed(ExitCode.Failed, file);
    }

    [Fact]
    public async Task Bench_AgainstABaselineThatWasBetter_Fails()
    {
        var (file, worse) = (_cache["baseline.json"], _cache["worse.json"]);
        var saved = await RunAsync("bench text --shape shapes --layers 1 --runs 1 --json");
        Assert.Equal(ExitCode.Done, saved.ExitCode);
        Assert.Equal("text shapes 1 layers f32 cpu", JsonNode.Parse(saved.Out)!["workload"]!.GetValue<string>());
        await File.WriteAllTextAsync(file, Sped(saved.Out, 1000), Token);
        await File.WriteAllTextAsync(worse, Sped(saved.Out, 0.001), Token);

        var failed = await RunAsync($"bench text --shape shapes --layers 1 --runs 1 --baseline {file}");
        var passed = await RunAsync($"bench text --shape shapes --layers 1 --runs 1 --baseline {worse}");

        Assert.Equal(ExitCode.Failed, failed.ExitCode);
        Assert.Contains("share_of_peak", failed.Error, StringComparison.Ordinal);
        Assert.Contains("WORSE", failed.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, passed.ExitCode);
    }

    [Fact]
    public async Task BenchMemory_AgainstABaselineThatWasBetter_Fails()
    {
        const string Command = "bench memory --shape shapes --row sizes --json";
        var (better, worse) = (_cache["better.json"], _cache["worse.json"]);
        var saved = await RunAsync(Command);
        Assert.Equal(ExitCode.Done, saved.ExitCode);
        await File.WriteAllTextAsync(better, WithRatio(saved.Out, 4), Token); // three sizes with one compilation are 3
        await File.WriteAllTextAsync(worse, WithRatio(saved.Out, 2), Token);

        var failed = await RunAsync($"{Command} --baseline {better}");
        var passed = await RunAsync($"{Command} --baseline {worse}");

        Assert.Equal((ExitCode.Failed, ExitCode.Done), (failed.ExitCode, passed.ExitCode));
        Assert.Contains("sizes.sizes_a_compile", failed.Error, StringComparison.Ordinal);
        Assert.Contains("WORSE", failed.Error, StringComparison.Ordinal);

        static string WithRatio(string report, double ratio)
        {
            var json = JsonNode.Parse(report)!;
            json["rows"]![0]!["ratios"]!["sizes_a_compile"] = ratio;
            return json.ToJsonString();
        }
    }

    [Fact]
    public async Task BenchMemory_OfProcessesOfTheirOwn_TellsWhatTheyMeasured()
    {
        var page = _cache["report.html"];

        var run = await RunAsync($"bench memory --shape shapes --row compile --row sizes --json --report {page}");

        var rows = JsonNode.Parse(run.Out)!["rows"]!.AsArray();
        Assert.Equal(["Compile", "Sizes"], rows.Select(row => row!["row"]!.GetValue<string>()));
        Assert.True(rows[0]!["figures"]!["whole_seconds"]!.GetValue<double>() > 0);
        Assert.True(rows[1]!["is_reached"]!.GetValue<bool>());
        var html = await File.ReadAllTextAsync(page, Token);
        Assert.Contains("whole_seconds", html, StringComparison.Ordinal);
        Assert.Contains("<td>transformer_step", html, StringComparison.Ordinal); // compiled in another process
        Assert.Contains("class=\"wait\"", html, StringComparison.Ordinal);
        Assert.Contains(
            rows[1]!["graphs"]!.AsArray(),
            graph => graph!["name"]!.GetValue<string>() == "transformer_block" && graph["blocks"]!.AsArray().Count > 0
        );
    }

    [Fact]
    public async Task Bench_OfEightBitIntegers_TellsTheirPeak()
    {
        var run = await RunAsync("bench dit --shape shapes --size 32x32 --frames 5 --layers 1 --runs 1 --precision int8 --json");

        Assert.Equal(ExitCode.Done, run.ExitCode);
        var report = JsonNode.Parse(run.Out)!;
        Assert.Equal("dit shapes 1 layers 32x32x5 f32 blocks int8 cpu", report["workload"]!.GetValue<string>());
        Assert.True(report["peak_integer_operations_per_second"]!.GetValue<double>() > 0);
        Assert.NotNull(report["ratios"]!["share_of_int8_peak"]);
        Assert.NotEmpty(Directory.GetDirectories(Path.Combine(_cache.Path, "weights")));
    }

    [Fact]
    public async Task BenchQuality_OfShapesInEightBits_KeepsThePromise()
    {
        const double LeastSsim = 0.97; // what int8 promises; measured: 0.992 at least in 20 clips
        var run = await RunAsync("bench quality --precision int8 --clips 2 --json");

        Assert.Equal(ExitCode.Done, run.ExitCode);
        var clips = JsonNode.Parse(run.Out)!["clips"]!.AsArray();
        Assert.Equal(2, clips.Count);
        Assert.All(clips, clip => Assert.InRange(clip!["ssim"]!.GetValue<double>(), LeastSsim, 0.99999)); // not 1: integers were multiplied
    }

    [Fact]
    public async Task BenchEndToEnd_OfATinyNetwork_TellsWhereTheTimeOfBothWaysGoes()
    {
        var run = await RunAsync("bench end-to-end --shape shapes --layers 1 --size 32x32 --frames 5 --json");

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        var report = JsonNode.Parse(run.Out)!;
        Assert.Equal("shapes of 1 layers 32x32x5", report["workload"]!.GetValue<string>());
        var (full, few) = (report["full"]!, report["few"]!);
        Assert.Equal((50, 4, 2), (Whole(full, "steps"), Whole(full, "measured_steps"), Whole(full, "passes")));
        Assert.Equal((4, 4, 1), (Whole(few, "steps"), Whole(few, "measured_steps"), Whole(few, "passes")));
        foreach (var way in new[] { full, few })
        {
            Assert.True(Seconds(way, "total") >= Seconds(way, "denoise"));
            Assert.All(["text", "denoise", "step", "decode", "write"], part => Assert.True(Seconds(way, part) > 0, part));
        }

        static int Whole(JsonNode way, string name) => way[name]!.GetValue<int>();
        static double Seconds(JsonNode way, string name) => way[$"{name}_seconds"]!.GetValue<double>();
    }

    [Fact]
    public async Task BenchLora_OfATinyNetwork_TellsItsRatios()
    {
        var run = await RunAsync("bench lora --shape shapes --layers 1 --size 32x32 --frames 5 --rank 4 --runs 1 --json");

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        var report = JsonNode.Parse(run.Out)!;
        Assert.Equal(0, report["compiled_by_change"]!.GetValue<int>());
        Assert.True(report["unmerged_ratio"]!.GetValue<double>() > 0);
        Assert.True(report["merge_seconds"]!.GetValue<double>() > 0);
    }

    /// <summary>The report of a machine that was so many times as fast.</summary>
    private static string Sped(string json, double factor)
    {
        var report = JsonNode.Parse(json)!;
        var forward = report["forward"]!;
        forward["median"] = forward["median"]!.GetValue<double>() / factor;
        return report.ToJsonString();
    }

    private Task<CommandLineRun> RunAsync(string commandLine) =>
        CommandLineRun.RunAsync(
            commandLine.Split(' '),
            variables: new Dictionary<string, string> { ["WAN_CACHE"] = _cache.Path },
            cancellationToken: Token
        );
}
