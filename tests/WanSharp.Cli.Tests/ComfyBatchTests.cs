using System.Text.Json;
using WanSharp.Testing;
using WanSharp.Testing.Comfy;

namespace WanSharp.Cli.Tests;

/// <summary><c>wan batch</c> whose clips a ComfyUI server makes.</summary>
public sealed class ComfyBatchTests : IDisposable
{
    private const string Jobs = """
        {"prompt": "a fox", "steps": 2}
        {"prompt": "a fox", "steps": 2}
        {"prompt": "a crane", "steps": 2}
        """;

    private readonly TemporaryFolder _folder = new();

    public ComfyBatchTests()
    {
        _folder.Write("jobs.jsonl", Jobs);
        _folder.Write("workflow.json", Workflows.TextToVideo);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Batch_MakesEqualJobsOnceAndNoneThatWasMadeBefore()
    {
        await using var server = await FakeComfy.StartAsync();
        var first = await RunAsync(server, "-o", _folder["out"]);
        Assert.True(first.ExitCode == ExitCode.Done, first.Error);
        Assert.Equal(2, server.Posts.Count);
        Assert.Equal(3, Directory.GetFiles(_folder["out"], "*.mp4").Length);
        Assert.All(Directory.GetFiles(_folder["out"], "*.mp4"), clip => Assert.Equal("a clip", File.ReadAllText(clip)));
        Assert.Contains("prompt: text of node 6 (CLIPTextEncode)", first.Error, StringComparison.Ordinal);
        Assert.Contains("ComfyUI 0.3.60", first.Error, StringComparison.Ordinal);

        var second = await RunAsync(server, "-o", _folder["again"]);
        Assert.True(second.ExitCode == ExitCode.Done, second.Error);
        Assert.Equal(2, server.Posts.Count);
        Assert.Equal(3, Directory.GetFiles(_folder["again"], "*.mp4").Length);
    }

    [Fact]
    public async Task Resume_WithTheServerBack_GoesOnWithTheWorkflowThatItBeganWith()
    {
        var server = await FakeComfy.StartAsync();
        var port = server.Address.Port;
        var address = server.Address;
        await server.DisposeAsync();

        var stopped = await RunAsync(address, "-o", _folder["out"]);
        Assert.Equal(ExitCode.Failed, stopped.ExitCode);
        Assert.Contains("No ComfyUI server can be used", stopped.Error, StringComparison.Ordinal);

        _folder.Write("workflow.json", "{}");
        await using var back = await FakeComfy.StartAsync(port);
        var resumed = await CommandAsync("batch", "--resume", _folder["out"], "--json");
        Assert.True(resumed.ExitCode == ExitCode.Done, resumed.Error);
        using var report = JsonDocument.Parse(resumed.Out);
        Assert.Equal(2, back.Posts.Count);
        Assert.Equal(3, Directory.GetFiles(_folder["out"], "*.mp4").Length);
    }

    [Theory]
    [InlineData("Export (API)", "--backend", "comfy:http://127.0.0.1:1")]
    [InlineData("no address", "--backend", "comfy:127.0.0.1:1", "--workflow", "workflow.json")]
    [InlineData("no address", "--backend", "comfy:", "--workflow", "workflow.json")]
    [InlineData("no backend", "--backend", "confy:http://127.0.0.1:1", "--workflow", "workflow.json")]
    [InlineData("--backend", "--workflow", "workflow.json")]
    [InlineData("--backend", "--mapping", "workflow.json")]
    [InlineData("cannot be read", "--backend", "comfy:http://127.0.0.1:1", "--workflow", "none.json")]
    public async Task Batch_WithOptionsThatDoNotFit_SaysWhatToWrite(string expected, params string[] options)
    {
        var run = await CommandAsync(["batch", _folder["jobs.jsonl"], "-o", _folder["out"], .. options.Select(option => option.EndsWith(".json", StringComparison.Ordinal) ? _folder[option] : option)]);
        run.AssertFailed(ExitCode.WrongUsage, expected);
    }

    private Task<CommandLineRun> RunAsync(FakeComfy server, params string[] options) => RunAsync(server.Address, options);

    private Task<CommandLineRun> RunAsync(Uri server, params string[] options) =>
        CommandAsync(["batch", _folder["jobs.jsonl"], "--backend", $"comfy:{server}", "--workflow", _folder["workflow.json"], .. options]);

    private Task<CommandLineRun> CommandAsync(params string[] args) => CommandLineRun.RunAsync(
        args, variables: new() { ["WAN_CACHE"] = _folder["cache"], ["PATH"] = Environment.GetEnvironmentVariable("PATH")! }, cancellationToken: TestContext.Current.CancellationToken);
}
