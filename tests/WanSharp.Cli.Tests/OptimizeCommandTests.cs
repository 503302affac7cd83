using System.Text.Json;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary><c>wan optimize</c> and <c>wan generate --within</c> through the program, on small clips of the Shapes model.</summary>
public sealed class OptimizeCommandTests : IDisposable
{
    private static readonly string[] Clip = ["--frames", "1"];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Optimize_OfShapes_SavesAPresetAndTheFrontThatWithinTakes()
    {
        var page = _folder["front.html"];
        string[] few = ["--clips", "1", "--trials", "1", "--max-loss", "60%"];

        var run = await RunAsync(["optimize", "a red circle", .. Clip, .. few, "--report", page, "--json"]);

        Assert.True(run.ExitCode == 0, run.Error);
        using var json = JsonDocument.Parse(run.Out);
        var front = json.RootElement.GetProperty("front");
        Assert.Empty(front[0].GetProperty("choices").EnumerateArray());
        Assert.Equal("mine", json.RootElement.GetProperty("preset").GetString());
        Assert.Contains("<polyline", await File.ReadAllTextAsync(page, Cancellation), StringComparison.Ordinal);
        var preset = await GenerateAsync("--preset", "mine");
        Assert.True(preset.ExitCode == 0, preset.Error);

        var within = await GenerateAsync("--within", "1h");
        Assert.True(within.ExitCode == 0, within.Error);
        File.Delete(_folder["clip.webp"]);
        Assert.Contains("within: the model's own way; about ", within.Error, StringComparison.Ordinal);
        (await GenerateAsync("--within", "0.001s")).AssertFailedWith(2, "at least, from the start of the program");
        (await GenerateAsync("--within", "1h", "--steps", "3")).AssertFailedWith(2, "--within chooses --steps itself");
        (await GenerateAsync("--within", "1h", "--precision", "int8")).AssertFailedWith(2, "--within chooses the precision itself");
        (await GenerateAsync("--within", "1h", "--size", "32x32")).AssertFailedWith(2, "was not measured yet");
        (await GenerateAsync("--within", "1h", "--guidance", "3")).AssertFailedWith(2, "was not measured yet");
        (await GenerateAsync("--within", "1h", "--lora-mode", "unmerged")).AssertFailedWith(2, "run wan optimize with the same ones");
        Assert.False(File.Exists(_folder["clip.webp"]));
    }

    [Fact]
    public async Task Optimize_WhoseAnswerCannotBeSavedAnyMore_PrintsItAndFails()
    {
        File.WriteAllText(_folder["config"], "not a folder");

        var run = await RunAsync(["optimize", .. Clip, "--size", "32x32", "--clips", "1", "--trials", "1", "--max-loss", "99%"]);

        run.AssertFailedWith(1, "config");
        Assert.Contains("chosen: ", run.Out, StringComparison.Ordinal);
        Assert.Contains("use it with: wan generate", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Optimize_WithALeverThatIsSet_IsWrongUsage()
    {
        var run = await RunAsync(["optimize", "--steps", "4"]);

        run.AssertFailed(2, "--steps is among what is searched");
    }

    private Task<CommandLineRun> GenerateAsync(params string[] args) =>
        RunAsync(["generate", "a red circle", .. Clip, .. args, "-o", _folder["clip.webp"]]);

    private Task<CommandLineRun> RunAsync(string[] args) =>
        CommandLineRun.RunAsync(
            args,
            variables: new Dictionary<string, string>
            {
                ["WAN_CACHE"] = _folder["cache"],
                ["XDG_CONFIG_HOME"] = _folder["config"],
                ["PATH"] = "",
            },
            cancellationToken: Cancellation
        );
}
