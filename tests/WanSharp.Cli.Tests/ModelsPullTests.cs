using System.Text.Json.Nodes;
using WanSharp.Testing;
using WanSharp.Testing.Hub;

namespace WanSharp.Cli.Tests;

/// <summary><c>wan models pull</c>, <c>verify</c> and <c>list</c> against a hub on this machine.</summary>
public sealed class ModelsPullTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private FakeHub _hub = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await FakeHub.StartAsync();
        _hub.Files["style.safetensors"] = new byte[5000];
        _hub.Files["README.md"] = [1];
        Directory.CreateDirectory(_folder["config/wansharp"]);
        _folder.Write(
            "config/wansharp/aliases.json",
            $$"""
            {"style": {"what": "a style", "repository": "{{FakeHub.Repository}}", "files": ["style.safetensors"], "presets": ["fast"]} }
            """
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Pull_OfAnAlias_BringsItsFilesAndSaysWhere()
    {
        var run = await RunAsync("models", "pull", "style");

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("style: 1 file, 5.0 KB, 5.0 KB downloaded; ", run.Out, StringComparison.Ordinal);
        Assert.Contains("style.safetensors: 5.0 KB", run.Error, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_folder["hub"], "style.safetensors", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(_folder["hub"], "README.md", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Pull_Quiet_PrintsNothing()
    {
        var run = await RunAsync("models", "pull", "style", "--quiet");

        Assert.Equal((0, "", ""), (run.ExitCode, run.Out, run.Error));
    }

    [Fact]
    public async Task Pull_AsJson_PrintsTheFiles()
    {
        var run = await RunAsync("models", "pull", FakeHub.Repository, "style", "--json");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var models = JsonNode.Parse(run.Out)!.AsArray();
        Assert.Equal([2, 1], models.Select(model => model!["files"]!.AsArray().Count));
        Assert.Equal([5001, 0], models.Select(model => (int)model!["missing_bytes"]!));
    }

    [Fact]
    public async Task Pull_DryRun_FetchesNoFile()
    {
        var run = await RunAsync("models", "pull", FakeHub.Repository, "--dry-run");

        Assert.Contains("style.safetensors  5.0 KB, 5.0 KB to download", run.Out, StringComparison.Ordinal);
        Assert.Equal(0, _hub.Sent);
    }

    [Fact]
    public async Task Pull_OfANameThatIsNone_SaysTheNearest()
    {
        var run = await RunAsync("models", "pull", "t2v-1.3");

        run.AssertFailed(2, "Did you mean t2v-1.3b?");
        Assert.Empty(_hub.Requests);
    }

    [Fact]
    public async Task List_WithoutAFolder_ShowsWhatIsThereAndWhatIsMissing()
    {
        var before = await RunAsync("models", "list");
        await RunAsync("models", "pull", "style");
        var after = await RunAsync("models", "list");
        var json = JsonNode.Parse((await RunAsync("models", "list", "--json")).Out)!;

        Assert.Contains("Nothing was pulled yet", before.Out, StringComparison.Ordinal);
        Assert.Matches(@"style +not there +a style; for --preset fast", before.Out);
        Assert.Matches(@"style +is there +a style", after.Out);
        Assert.Contains("org/model  5.0 KB", after.Out, StringComparison.Ordinal);
        Assert.Contains("main, aaaaaaaa: 1 of 2 files", after.Out, StringComparison.Ordinal);
        Assert.Equal("org/model", (string?)json["repositories"]![0]!["repository"]);
        Assert.Contains(
            json["aliases"]!.AsArray(),
            alias => (string?)alias!["name"] == "t2v-a14b" && alias["missing"]!.AsArray().Count == 4
        );
    }

    [Fact]
    public async Task Verify_FindsDamage_AndRemovesItWhenAsked()
    {
        await RunAsync("models", "pull", "style");
        var blob = Directory.GetFiles(_folder["hub/models--org--model/blobs"]).Single();
        await File.WriteAllBytesAsync(blob, [.. new byte[4999], 1], TestContext.Current.CancellationToken);

        var found = await RunAsync("models", "verify");
        var removed = await RunAsync("models", "verify", "style", "--remove", "--json");
        var again = await RunAsync("models", "pull", "style");
        var right = await RunAsync("models", "verify", "style");

        Assert.Equal(1, found.ExitCode);
        Assert.Contains("org/model/style.safetensors: DAMAGED: its digest is", found.Out, StringComparison.Ordinal);
        Assert.True((bool)JsonNode.Parse(removed.Out)![0]!["removed"]!);
        Assert.Contains("downloaded", again.Out, StringComparison.Ordinal);
        Assert.Equal(0, right.ExitCode);
        Assert.Contains("1 right, 0 damaged", right.Out, StringComparison.Ordinal);
    }

    /// <summary>Nothing is downloaded that was not asked for.</summary>
    [Fact]
    public async Task Generate_WithAModelThatWasNotPulled_SaysTheCommandAndAsksNobody()
    {
        var run = await RunAsync("generate", "a cat", "--model", FakeHub.Repository, "-o", _folder["clip.webp"]);

        run.AssertFailed(1, "wan models pull org/model");
        Assert.Empty(_hub.Requests);
    }

    [Fact]
    public async Task Generate_WithAPartThatWasNotPulled_SaysTheCommand()
    {
        var run = await RunAsync("generate", "a cat", "--vae", "style", "-o", _folder["clip.webp"]);

        run.AssertFailed(1, "wan models pull style");
        Assert.Empty(_hub.Requests);
    }

    private Task<CommandLineRun> RunAsync(params string[] args) =>
        CommandLineRun.RunAsync(
            args,
            variables: new Dictionary<string, string>
            {
                ["HOME"] = _folder["home"],
                ["XDG_CONFIG_HOME"] = _folder["config"],
                ["WAN_CACHE"] = _folder["cache"],
                ["HF_HUB_CACHE"] = _folder["hub"],
                ["HF_ENDPOINT"] = _hub.Address,
            }
        );
}
