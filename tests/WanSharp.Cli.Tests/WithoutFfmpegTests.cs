using System.Text.Json;
using WanSharp.Jobs.Storage;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>Clips where there is no ffmpeg: made all the same, as WebP, and one line says so.</summary>
public sealed class WithoutFfmpegTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_OfMp4_WritesWebPBesideIt_AndInspectReadsItsSettings()
    {
        var run = await RunAsync(["generate", "a red circle", .. ProcessRun.Quick, "-o", _folder["out.mp4"], "--seed", "7", "--json"]);

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        using var report = JsonDocument.Parse(run.Out);
        Assert.Equal(_folder["out.webp"], report.RootElement.GetProperty("path").GetString());
        Assert.Contains(
            "ffmpeg was not found, so the clip is written as out.webp (animated WebP, which every browser plays); for .mp4, install it",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(".mp4", string.Join(' ', _folder.Entries), StringComparison.Ordinal);
        var inspected = await RunAsync(["inspect", _folder["out.webp"], "--json"]);
        using var settings = JsonDocument.Parse(inspected.Out);
        Assert.Equal(report.RootElement.GetProperty("settings").GetRawText(), settings.RootElement.GetRawText());
        Assert.EndsWith(" -o again.webp", (await RunAsync(["inspect", _folder["out.webp"]])).Out.TrimEnd(), StringComparison.Ordinal);

        // ours is replaced, as out.mp4 would be
        Assert.Equal(ExitCode.Done, (await RunAsync(["generate", "a star", .. ProcessRun.Quick, "-o", _folder["out.mp4"]])).ExitCode);
    }

    [Fact]
    public async Task Generate_WhereAnothersPictureIs_LeavesIt()
    {
        await File.WriteAllBytesAsync(_folder["out.webp"], [.. "RIFF"u8, 4, 0, 0, 0, .. "WEBP"u8], TestContext.Current.CancellationToken);

        var run = await RunAsync(["generate", "a red circle", .. ProcessRun.Quick, "-o", _folder["out.mp4"]]);

        run.AssertFailedWith(ExitCode.Failed, "out.webp already exists and was not made by WanSharp: move it");
        Assert.Equal(12, new FileInfo(_folder["out.webp"]).Length);
    }

    [Theory]
    [InlineData("sheet.png")]
    [InlineData("clip.webp")]
    [InlineData("frames/")]
    public async Task Generate_OfWhatNeedsNoFfmpeg_SaysNothingOfIt(string output)
    {
        var run = await RunAsync(["generate", "a red circle", .. ProcessRun.Quick, "-o", _folder[output]]);

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.DoesNotContain("ffmpeg", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_NamesItsClipsSoFromTheBeginning_AndKnowsThemAgain()
    {
        await File.WriteAllLinesAsync(
            _folder["jobs.jsonl"],
            ["""{"prompt": "a red circle"}""", """{"prompt": "a blue star", "output": "star.gif"}"""],
            TestContext.Current.CancellationToken
        );
        string[] batch = ["batch", _folder["jobs.jsonl"], .. ProcessRun.Quick, "-o", _folder["out"]];

        var first = await RunAsync(batch);
        var second = await RunAsync(batch);

        Assert.True(first.ExitCode == ExitCode.Done, first.Error);
        Assert.Contains("clips are written as .webp", first.Error, StringComparison.Ordinal);
        Assert.Contains("for .gif, .mp4, install it", first.Error, StringComparison.Ordinal);
        Assert.Equal(["0001-a-red-circle-0.webp", "star.webp"], Clips());
        Assert.True(second.ExitCode == ExitCode.Done, second.Error);
        Assert.Contains("2 of 2 jobs are in", second.Error, StringComparison.Ordinal);
        Assert.Equal(["0001-a-red-circle-0.webp", "star.webp"], Clips());
        var report = await File.ReadAllTextAsync(_folder["out/report.html"], TestContext.Current.CancellationToken);
        Assert.Contains("data:image/jpeg;base64,", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_OfTwoNamesThatBecomeOne_IsRefused()
    {
        await File.WriteAllLinesAsync(
            _folder["jobs.jsonl"],
            ["""{"prompt": "a", "output": "a.mp4"}""", """{"prompt": "b", "output": "a.gif"}"""],
            TestContext.Current.CancellationToken
        );

        var run = await RunAsync(["batch", _folder["jobs.jsonl"], .. ProcessRun.Quick, "-o", _folder["out"]]);

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.Contains("The output a.webp is already used by line 1", run.Error, StringComparison.Ordinal);
    }

    /// <summary>A batch that began with ffmpeg is refused before it computes, not after.</summary>
    [Fact]
    public async Task Batch_ResumedWhereItsFormatCannotBeWritten_IsRefusedAtOnce()
    {
        Assert.NotNull(Ffmpegs.Any);
        await File.WriteAllLinesAsync(
            _folder["jobs.jsonl"],
            ["""{"prompt": "a red circle", "steps": 1}""", """{"prompt": "a blue star", "steps": 400}"""],
            TestContext.Current.CancellationToken
        );
        using var cancellation = new CancellationTokenSource();
        var stopped = await CommandLineRun.RunAsync(
            ["batch", _folder["jobs.jsonl"], "--size", "32x32", "--frames", "5", "-o", _folder["out"], "--format", "gif"],
            variables: Variables(Path.GetDirectoryName(Ffmpegs.Any)!),
            error: line => _ = JobFolder.Exists(_folder["out"]) ? cancellation.CancelAsync() : null,
            cancellationToken: cancellation.Token
        );
        Assert.True(stopped.ExitCode == ExitCode.Cancelled, stopped.Error + stopped.Out);

        var resumed = await RunAsync(["batch", "--resume", _folder["out"]]);

        resumed.AssertFailedWith(ExitCode.Failed, ".gif is written by ffmpeg, which was not found: install it");
    }

    private string[] Clips() =>
        [
            .. Directory
                .EnumerateFiles(_folder["out"])
                .Select(path => Path.GetFileName(path))
                .Where(name => name.EndsWith(".webp", StringComparison.Ordinal) || name.EndsWith(".gif", StringComparison.Ordinal))
                .Order(),
        ];

    private Dictionary<string, string> Variables(string path) => new() { ["WAN_CACHE"] = _folder["cache"], ["PATH"] = path };

    private Task<CommandLineRun> RunAsync(string[] args) =>
        CommandLineRun.RunAsync(args, variables: Variables(_folder["bin"]), cancellationToken: TestContext.Current.CancellationToken);
}
