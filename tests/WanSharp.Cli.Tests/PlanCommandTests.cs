using System.Text.Json.Nodes;
using WanSharp.Engine.Requests;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

public sealed class PlanCommandTests(PlanCommandTests.MeasuredOnce measured) : IClassFixture<PlanCommandTests.MeasuredOnce>
{
    private readonly TemporaryFolder _cache = measured.Cache;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Plan_OfAPrompt_SaysWhatItCosts_AndRemembersTheMachine()
    {
        var known = await File.ReadAllBytesAsync(Assert.Single(MeasuredMachine.Payloads(_cache)), Token);
        var json = await RunAsync("plan", "a red circle", "--steps", "20", "--json");
        Assert.Equal(ExitCode.Done, json.ExitCode);
        var text = await RunAsync("plan", "a red circle", "--steps", "20");

        var plan = JsonNode.Parse(json.Out)!;
        var stages = plan["stages"]!.AsArray();
        Assert.Equal(["text", "denoise", "decode"], stages.Select(stage => stage!["stage"]!.GetValue<string>()));
        // each is rounded
        Assert.Equal(plan["seconds"]!.GetValue<double>(), stages.Sum(stage => stage!["seconds"]!.GetValue<double>()), tolerance: 0.01);
        Assert.Contains(plan["alternatives"]!.AsArray(), other => other!["options"]!.GetValue<string>() == "--steps 10");
        Assert.Equal(["F16"], plan["weights"]!["transformer"]!.AsObject().Select(type => type.Key));
        Assert.All(
            SettingFields.Shown(GenerationSettings.FromJson(plan["settings"]!.ToJsonString())!.ToRequested()),
            shown =>
                Assert.True(shown.Value.Length == 0 || text.Out.Contains($"{shown.Field.Label} {shown.Value}", StringComparison.Ordinal))
        );
        Assert.Contains("private at most", text.Out, StringComparison.Ordinal);
        Assert.Contains("--step-cache auto", text.Out, StringComparison.Ordinal);
        Assert.Equal(known, await File.ReadAllBytesAsync(Assert.Single(MeasuredMachine.Payloads(_cache)), Token)); // not measured again
    }

    [Fact]
    public async Task Plan_WhereTheWholeNetworkIsPackedOnDisk_SaysWhatWouldBeChosen()
    {
        var packed = await RunAsync(
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
            _cache["star.png"]
        );
        Assert.True(packed.ExitCode == ExitCode.Done, packed.Error);

        Assert.Equal("whole", await CompileAsync("--memory", "8GB"));
        Assert.Equal("blocks", await CompileAsync("--memory", "8GB", "--compile", "blocks"));
        Assert.Equal("blocks", await CompileAsync("--memory", "8GB", "--precision", "int8")); // of these there is none
        Assert.Equal("blocks", await CompileAsync("--compile", "whole", "--nag", "5,3.5,0.5")); // guides the attention
        Assert.Equal("blocks", await CompileAsync()); // nothing is said about memory, so a run would not look

        async Task<string> CompileAsync(params string[] options) =>
            JsonNode.Parse((await RunAsync(["plan", "a star", "--json", .. options])).Out)!["strategy"]!["compile"]!.GetValue<string>();
    }

    [Fact]
    public async Task Plan_InAPrecisionThatWasAskedFor_SaysSo()
    {
        var plan = await RunAsync("plan", "a star", "--precision", "int8");

        Assert.Contains("int8: it was asked for", plan.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_OfWhatCannotBeMade_NamesTheWayOut() =>
        (await RunAsync("plan", "a red circle", "--frames", "16")).AssertFailed(ExitCode.WrongUsage, "The nearest is 17");

    [Fact]
    public async Task Plan_WithCompileAuto_IsThatWithoutTheOption()
    {
        var auto = await RunAsync("plan", "a red circle", "--memory", "1GB", "--compile", "auto");
        var unsaid = await RunAsync("plan", "a red circle", "--memory", "1GB");

        Assert.Equal(ExitCode.Done, auto.ExitCode);
        Assert.Equal(Strategy(unsaid), Strategy(auto));

        static string Strategy(CommandLineRun run) =>
            run.Out.Split('\n').Single(line => line.StartsWith("strategy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Plan_ForDevices_SaysHowEachWouldRunIt_AndNothingOfItsTime()
    {
        string[] devices = ["--device-memory", "24GB", "--device-memory", "500MB"];
        var json = JsonNode.Parse((await RunAsync(["plan", "a star", "--json", .. devices])).Out)!;
        var text = (await RunAsync(["plan", "a star", .. devices])).Out;

        var (large, small) = (json["devices"]![0]!, json["devices"]![1]!);
        Assert.Equal(24_000_000_000, large["device_memory"]!.GetValue<long>());
        Assert.Equal(8, large["strategy"]!["resident_blocks"]!.GetValue<int>());
        Assert.Contains(large["strategy"]!["parts"]!.AsArray(), part => part!["part"]!.GetValue<string>() == "driver and libraries");
        Assert.Null(small["strategy"]);
        Assert.Contains("needs at least", small["refused"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("device of 24.00 GB      8 blocks, all resident", text, StringComparison.Ordinal);
        Assert.Contains("how long it takes on a device is not known", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_ForADeviceAndThisMachine_IsRefused() =>
        (await RunAsync("plan", "a star", "--device-memory", "24GB", "--memory", "6GB")).AssertFailed(
            ExitCode.WrongUsage,
            "--memory and --device-memory"
        );

    [Fact]
    public async Task Plan_ForADeviceOfNoSize_IsRefused() =>
        (await RunAsync("plan", "a star", "--device-memory", "large")).AssertFailed(ExitCode.WrongUsage, "a size such as 24GB");

    [Fact]
    public async Task BenchPlan_OfTheShapesModel_ComparesWithWhatItMeasured()
    {
        var run = await RunAsync("bench", "plan", "--shape", "shapes", "--clip", "32x32x1", "--tolerance", "1000000", "--json");

        Assert.Equal(ExitCode.Done, run.ExitCode);
        var checks = JsonNode.Parse(run.Out)!.AsArray();
        Assert.Equal(["denoise", "decode"], checks.Select(check => check!["stage"]!.GetValue<string>()));
        Assert.All(checks, check => Assert.True(check!["measured_seconds"]!.GetValue<double>() > 0));
    }

    [Fact]
    public async Task BenchPlan_OfNoClip_SaysWhatAClipIs() =>
        (await RunAsync("bench", "plan", "--clip", "256x256")).AssertFailed(ExitCode.WrongUsage, "such as 256x256x17");

    private Task<CommandLineRun> RunAsync(params string[] args) =>
        CommandLineRun.RunAsync(
            args,
            variables: new Dictionary<string, string>
            {
                ["WAN_CACHE"] = _cache.Path,
                ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
            },
            cancellationToken: Token
        );

    /// <summary>A cache that all tests share, which knows the machine.</summary>
    public sealed class MeasuredOnce(MeasuredMachine machine) : IAsyncLifetime
    {
        internal TemporaryFolder Cache { get; } = new();

        public ValueTask InitializeAsync()
        {
            machine.PlaceIn(Cache);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            Cache.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
