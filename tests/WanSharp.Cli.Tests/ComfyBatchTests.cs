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
        Assert.All(Directory.GetFiles(_folder["out"], "*.mp4"), clip => Assert.Equal(FakeComfy.ClipAs(".mp4"), File.ReadAllBytes(clip)));
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
        await using var server = await FakeComfy.StartAsync();
        server.IsGone = true;

        var stopped = await RunAsync(server.Address, "-o", _folder["out"], "--server-wait", "0s");
        Assert.Equal(ExitCode.Failed, stopped.ExitCode);
        Assert.Contains("No ComfyUI server can be used", stopped.Error, StringComparison.Ordinal);

        _folder.Write("workflow.json", "{}");
        server.IsGone = false;
        var resumed = await CommandAsync("batch", "--resume", _folder["out"], "--json");
        Assert.True(resumed.ExitCode == ExitCode.Done, resumed.Error);
        using var report = JsonDocument.Parse(resumed.Out);
        Assert.Equal(2, server.Posts.Count);
        Assert.Equal(3, Directory.GetFiles(_folder["out"], "*.mp4").Length);
    }

    [Theory]
    [InlineData("Export (API)", "--backend", "comfy:http://127.0.0.1:1")]
    [InlineData("is not the address", "--backend", "comfy:127.0.0.1:1", "--workflow", "workflow.json")]
    [InlineData("is not the address", "--backend", "comfy:", "--workflow", "workflow.json")]
    [InlineData("is not a backend", "--backend", "confy:http://127.0.0.1:1", "--workflow", "workflow.json")]
    [InlineData("--backend", "--workflow", "workflow.json")]
    [InlineData("--backend", "--mapping", "workflow.json")]
    [InlineData("are for ComfyUI", "--server-token", "x")]
    [InlineData("are for ComfyUI", "--server-wait", "1h")]
    [InlineData("is not written by this backend", "--format", "mov")]
    [InlineData("not written as", "--server-header", "X", "--backend", "comfy:http://127.0.0.1:1", "--workflow", "workflow.json")]
    public async Task Batch_WithOptionsThatDoNotFit_SaysWhatToWrite(string expected, params string[] options)
    {
        var run = await CommandAsync([
            "batch",
            _folder["jobs.jsonl"],
            "-o",
            _folder["out"],
            .. options.Select(option => option.EndsWith(".json", StringComparison.Ordinal) ? _folder[option] : option),
        ]);
        run.AssertFailed(ExitCode.WrongUsage, expected);
    }

    [Fact]
    public async Task Batch_WhoseWorkflowIsMissing_SaysSo()
    {
        string[] command = ["batch", _folder["jobs.jsonl"], "-o", _folder["out"], "--backend", "comfy:http://127.0.0.1:1"];
        var run = await CommandAsync([.. command, "--workflow", _folder["none.json"]]);
        run.AssertFailed(ExitCode.Failed, "There is no workflow");
    }

    /// <summary>A file that one job's server has no more, and a job that it does not take, leave the others alone.</summary>
    [Fact]
    public async Task Batch_WhereOneJobFailsAtItsServer_MakesTheOthers()
    {
        await using var server = await FakeComfy.StartAsync();
        _folder.Write(
            "jobs.jsonl",
            """
            {"prompt": "gone", "output": "1.mp4"}
            {"prompt": "a fox", "output": "2.mp4"}
            {"prompt": "refused", "output": "3.mp4"}
            {"prompt": "a crane", "output": "4.mp4"}
            """
        );
        var gone = 0;
        server.AtNode = (type, _) =>
        {
            if (type == "SaveVideo" && server.Running!.ToJsonString().Contains("gone", StringComparison.Ordinal))
            {
                gone = server.Files.Count + 1;
            }

            return Task.CompletedTask;
        };
        server.Before = request =>
        {
            server.Invalid.Clear();
            return request.Path == "/view" && request.QueryString.Value!.Contains($"_{gone:D5}_", StringComparison.Ordinal) ? 404 : null;
        };
        var run = await RunAsync(server, "-o", _folder["out"], "--attempts", "1");
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("1.mp4 failed", run.Error, StringComparison.Ordinal);
        Assert.Contains("404 (NotFound)", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("sign-in", run.Error, StringComparison.Ordinal);
        Assert.Equal(
            ["2.mp4", "3.mp4", "4.mp4"],
            Directory.GetFiles(_folder["out"], "*.mp4").Select(path => Path.GetFileName(path)).Order()
        );
    }

    [Fact]
    public async Task Batch_OfAWorkflowThatWritesMov_NamesItsClipsSo()
    {
        await using var server = await FakeComfy.StartAsync();
        _folder.Write("workflow.json", Workflows.Edit(Workflows.Wrapper, """{"7": {"format": "video/ProRes"}}"""));
        _folder.Write(
            "jobs.jsonl",
            """
            {"prompt": "a fox"}
            {"prompt": "a crane", "output": "crane.mov"}
            """
        );
        var run = await RunAsync(server, "-o", _folder["out"]);
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.Equal(
            ["0001-a-fox-1.mov", "crane.mov"],
            Directory.GetFiles(_folder["out"], "*.mov").Select(path => Path.GetFileName(path)).Order()
        );

        _folder.Write("jobs.jsonl", """{"prompt": "a crane", "output": "crane.mp4"}""");
        var refused = await RunAsync(server, "-o", _folder["again"]);
        Assert.Equal(ExitCode.WrongUsage, refused.ExitCode);
        Assert.Contains("end it in .mov", refused.Error, StringComparison.Ordinal);
        refused = await RunAsync(server, "-o", _folder["again"], "--format", "mp4");
        Assert.Equal(ExitCode.WrongUsage, refused.ExitCode);
        Assert.Contains("is not written by this backend: mov", refused.Error, StringComparison.Ordinal);
        Assert.Equal(2, server.Sent.Count());
    }

    /// <summary>What signs in is used, and is in no file and no line of a batch that failed and succeeded.</summary>
    [Theory]
    [InlineData("name and password")]
    [InlineData("query")]
    [InlineData("token")]
    [InlineData("token in a variable")]
    [InlineData("header")]
    [InlineData("header in a variable")]
    public async Task Batch_ThatSignsIn_LeavesTheSecretNowhere(string way)
    {
        const string Secret = "hunter2-of-the-proxy";
        await using var server = await FakeComfy.StartAsync();
        var basic = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"bob:{Secret}"));
        var address = way switch
        {
            "name and password" => $"http://bob:{Secret}@{server.Address.Authority}",
            "query" => $"{server.Address}?token={Secret}",
            _ => server.Address.ToString(),
        };
        (string, string)? header = way switch
        {
            "name and password" => ("Authorization", $"Basic {basic}"),
            "query" => null,
            "token" or "token in a variable" => ("Authorization", $"Bearer {Secret}"),
            _ => ("X-Api-Key", Secret),
        };
        string[] options = way switch
        {
            "token" => ["--server-token", Secret],
            "header" => ["--server-header", $"X-Api-Key: {Secret}"],
            _ => [],
        };
        var variables = way switch
        {
            "token in a variable" => new Dictionary<string, string> { ["WAN_COMFY_TOKEN"] = Secret },
            "header in a variable" => new() { ["WAN_COMFY_HEADERS"] = $"X-Other: 1\nX-Api-Key: {Secret}\n" },
            _ => [],
        };
        (server.SignIn, server.SignInQuery) = (header, way == "query" ? $"token={Secret}" : null);
        server.Invalid["3"] = $"{Secret} is not welcome";
        string[] command =
        [
            "batch",
            _folder["jobs.jsonl"],
            "--backend",
            $"comfy:{address}",
            "--workflow",
            _folder["workflow.json"],
            "-o",
            _folder["out"],
            .. options,
        ];

        var failed = await CommandAsync(variables, command);
        Assert.Equal(ExitCode.Failed, failed.ExitCode);
        server.Invalid.Clear();
        var stranger = await CommandAsync(
            "batch",
            _folder["jobs.jsonl"],
            "--backend",
            $"comfy:{server.Address}",
            "--workflow",
            _folder["workflow.json"],
            "-o",
            _folder["other"]
        );
        Assert.Equal(ExitCode.Failed, stranger.ExitCode);
        Assert.Contains("requires a sign-in", stranger.Error, StringComparison.Ordinal);
        string[] again = way is "name and password" or "query" ? ["--backend", $"comfy:{address}"] : [];
        var resumed = await CommandAsync(variables, ["batch", "--resume", _folder["other"], .. again, .. options]);
        Assert.True(resumed.ExitCode == ExitCode.Done, resumed.Error);
        Assert.Equal(3, Directory.GetFiles(_folder["other"], "*.mp4").Length);

        foreach (
            var text in new[] { failed, stranger, resumed }
                .SelectMany(run => new[] { run.Out, run.Error })
                .Concat(
                    Directory
                        .EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories)
                        .Select(path => System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(path)))
                )
        )
        {
            Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
            Assert.DoesNotContain(basic, text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--backend", "comfy:htp://bob:hunter2@host", "--workflow", "workflow.json")]
    [InlineData("--backend", "comfy:http://bob:hunter2@", "--workflow", "workflow.json")]
    [InlineData("--backend", "comfi:http://bob:hunter2@host", "--workflow", "workflow.json")]
    [InlineData("--bakend", "comfy:http://bob:hunter2@host", "--workflow", "workflow.json")]
    [InlineData("--backend", "comfy:http://bob:hunter2@host")]
    public async Task Batch_WithAnAddressThatIsNotUnderstood_DoesNotRepeatThePassword(params string[] options)
    {
        var run = await CommandAsync([
            "batch",
            _folder["jobs.jsonl"],
            "-o",
            _folder["out"],
            .. options.Select(option => option.EndsWith(".json", StringComparison.Ordinal) ? _folder[option] : option),
        ]);
        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.DoesNotContain("hunter2", run.Error + run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_AtAnotherAddress_GoesOnThere()
    {
        await using var gone = await FakeComfy.StartAsync();
        gone.Before = _ => 503;
        var stopped = await RunAsync(gone, "-o", _folder["out"], "--server-wait", "0s");
        Assert.Equal(ExitCode.Failed, stopped.ExitCode);
        await using var server = await FakeComfy.StartAsync();
        var resumed = await CommandAsync("batch", "--resume", _folder["out"], "--backend", $"comfy:{server.Address}");
        Assert.True(resumed.ExitCode == ExitCode.Done, resumed.Error);
        (await CommandAsync("batch", "--resume", _folder["out"], "--backend", "local")).AssertFailed(
            ExitCode.WrongUsage,
            "started with ComfyUI"
        );
    }

    private Task<CommandLineRun> RunAsync(FakeComfy server, params string[] options) => RunAsync(server.Address, options);

    private Task<CommandLineRun> RunAsync(Uri server, params string[] options) =>
        CommandAsync(["batch", _folder["jobs.jsonl"], "--backend", $"comfy:{server}", "--workflow", _folder["workflow.json"], .. options]);

    private Task<CommandLineRun> CommandAsync(params string[] args) => CommandAsync([], args);

    private Task<CommandLineRun> CommandAsync(Dictionary<string, string> variables, params string[] args) =>
        CommandLineRun.RunAsync(
            args,
            variables: new(variables) { ["WAN_CACHE"] = _folder["cache"], ["PATH"] = Environment.GetEnvironmentVariable("PATH")! },
            cancellationToken: TestContext.Current.CancellationToken
        );
}
