using System.Globalization;
using System.Text.Json;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>What becomes of a batch whose folder, database, model or file changes between two runs.</summary>
public sealed class BatchRecoveryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _variables;
    private readonly string[] _batch;

    public BatchRecoveryTests()
    {
        _variables = new Dictionary<string, string>
        {
            ["WAN_CACHE"] = _folder["cache"],
            ["WAN_MODELS"] = QuickModel.Models,
            ["XDG_CONFIG_HOME"] = _folder["config"],
            ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "",
        };
        _batch =
        [
            "batch",
            _folder["jobs.csv"],
            "--size",
            "32x32",
            "--frames",
            "5",
            "--steps",
            "1",
            "-o",
            _folder["out"],
            "--format",
            "png",
        ];
        WriteJobs("a red circle,1", "a red circle,2", "a red circle,3");
    }

    [Fact]
    public async Task Batch_WhoseClipsAreGoneOrNotWhole_MakesTheseAgain()
    {
        await DoneAsync(_batch);
        File.Delete(Clip(1));
        File.WriteAllBytes(Clip(2), []);
        var third = File.ReadAllBytes(Clip(3));
        File.WriteAllBytes(Clip(3), third[..(third.Length / 2)]);

        var dry = await RunAsync(["batch", "--resume", _folder["out"], "--dry-run"]);
        Assert.Contains("0 done", dry.Out, StringComparison.Ordinal);
        Assert.Contains("3 to run", dry.Out, StringComparison.Ordinal);
        Assert.Contains("missing", (await RunAsync(["jobs", "list", _folder["out"]])).Out, StringComparison.Ordinal);

        var run = await DoneAsync(_batch);
        Assert.Contains("2 clips are missing, and will be made again", run.Error, StringComparison.Ordinal);
        Assert.Contains("1 clip is incomplete, and will be made again", run.Error, StringComparison.Ordinal);
        Assert.Equal(third, File.ReadAllBytes(Clip(3)));
        Assert.Equal(3, Clips().Count);
    }

    [Fact]
    public async Task Batch_WhoseClipWasEdited_LeavesItAloneUnlessItIsToldOtherwise()
    {
        await DoneAsync(_batch);
        await DoneAsync(["generate", "a blue star", "--size", "48x48", "--frames", "5", "--steps", "1", "-o", Clip(2)]);
        var edited = File.ReadAllBytes(Clip(2));

        var run = await DoneAsync(_batch);

        Assert.Contains("1 clip is changed since it was made, and left unchanged", run.Error, StringComparison.Ordinal);
        Assert.Equal(edited, File.ReadAllBytes(Clip(2)));
    }

    [Theory]
    [InlineData("jobs.db")]
    [InlineData("jobs.db", "batch.json")]
    [InlineData("jobs.db", "batch.json", "jobs.jsonl")]
    public async Task Batch_WhoseStateIsLost_TakesItsClipsForDone(params string[] lost)
    {
        await DoneAsync(_batch);
        var before = Clips().ToDictionary(path => path, File.GetLastWriteTimeUtc);
        foreach (var name in lost)
        {
            File.WriteAllBytes(Path.Combine(_folder["out"], ".wan", name), []);
        }

        string[] resume = lost.Length < 3 ? ["batch", "--resume", _folder["out"]] : _batch;
        await DoneAsync(resume);

        Assert.Equal(before, Clips().ToDictionary(path => path, File.GetLastWriteTimeUtc));
        Assert.Contains(
            "3 jobs: 0 queued, 0 running, 3 succeeded",
            (await RunAsync(["jobs", "list", _folder["out"]])).Out,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Batch_WithALineInserted_KeepsTheNamesAndMakesTheNewOne()
    {
        await DoneAsync(_batch);
        var before = Clips();
        WriteJobs("a blue star,9", "a red circle,1", "a red circle,2", "a red circle,3");

        var run = await DoneAsync(_batch);

        Assert.Contains("3 of 4 jobs are in", run.Error, StringComparison.Ordinal);
        Assert.Equal([.. before, _folder["out/0004-a-blue-star-9.png"]], Clips());
    }

    [Fact]
    public async Task Batch_WhereAnotherFileHasAClipsName_ReplacesItOnlyWhenAsked()
    {
        Directory.CreateDirectory(_folder["out"]);
        File.WriteAllText(_folder["out/mine.png"], "mine");
        File.WriteAllText(_folder["jobs.csv"], "prompt,output\na red circle,mine.png\n");

        (await RunAsync(_batch)).AssertFailed(ExitCode.Failed, "--overwrite");
        Assert.Equal("mine", File.ReadAllText(_folder["out/mine.png"]));
        Assert.Contains("taken", (await RunAsync([.. _batch, "--dry-run"])).Out, StringComparison.Ordinal);

        await DoneAsync([.. _batch, "--overwrite"]);
        Assert.NotEqual("mine", File.ReadAllText(_folder["out/mine.png"]));

        // Another prompt for the same name: the clip that is there stays until it is asked for.
        File.WriteAllText(_folder["jobs.csv"], "prompt,output\na blue star,mine.png\n");
        (await RunAsync(_batch)).AssertFailed(ExitCode.Failed, "--overwrite");
        await DoneAsync([.. _batch, "--overwrite"]);
        Assert.Contains("a blue star", (await RunAsync(["inspect", _folder["out/mine.png"]])).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_WhoseModelHasChanged_SaysSoAndGoesOnOnlyWhenTold()
    {
        var model = _folder["model"];
        Directory.CreateDirectory(model);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "models", "shapes")))
        {
            File.Copy(file, Path.Combine(model, Path.GetFileName(file)));
        }

        await DoneAsync([.. _batch, "--model", model]);
        File.Delete(Clip(2));
        var weights = File.ReadAllBytes(Path.Combine(model, "transformer.safetensors"));
        for (var i = weights.Length - 40_000; i < weights.Length - 20_000; i += 4)
        {
            weights[i] ^= 1; // the last bit of a number
        }

        File.WriteAllBytes(Path.Combine(model, "transformer.safetensors"), weights);

        (await RunAsync(["batch", "--resume", _folder["out"]])).AssertFailedWith(ExitCode.Failed, "model has changed");
        (await RunAsync([.. _batch, "--model", model])).AssertFailedWith(ExitCode.Failed, "model has changed");
        Assert.False(File.Exists(Clip(2)));
        await DoneAsync(["batch", "--resume", _folder["out"], "--allow-model-change"]);
        Assert.True(File.Exists(Clip(2)));
    }

    [Fact]
    public async Task Batch_WithRandomSeedsAndWildcards_SaysInClipAndReportWhatCameOfThem()
    {
        Directory.CreateDirectory(_folder["wildcards"]);
        File.WriteAllText(_folder["wildcards/color.txt"], "red\nblue\n");
        File.WriteAllText(_folder["prompts.txt"], "a __color__ {circle|star}\n");

        await DoneAsync([
            "batch",
            "--prompts",
            _folder["prompts.txt"],
            "--seeds",
            "random:4",
            "--size",
            "32x32",
            "--frames",
            "5",
            "--steps",
            "1",
            "--format",
            "png",
            "-o",
            _folder["out"],
        ]);

        var jobs = JsonDocument
            .Parse(File.ReadAllText(_folder["out/report.json"]))
            .RootElement.GetProperty("jobs")
            .EnumerateArray()
            .ToList();
        Assert.Equal(4, jobs.Select(job => job.GetProperty("seed").GetUInt64()).Distinct().Count());
        foreach (var job in jobs)
        {
            Assert.Equal("a __color__ {circle|star}", job.GetProperty("template").GetString());
            Assert.Matches("^a (red|blue) (circle|star)$", job.GetProperty("prompt").GetString());
            Assert.Contains(
                job.GetProperty("prompt").GetString()!,
                (await RunAsync(["inspect", _folder[$"out/{job.GetProperty("output").GetString()}"]])).Out,
                StringComparison.Ordinal
            );
        }
    }

    [Theory]
    [InlineData("-o", "occupied/out", "is a file")]
    [InlineData("--wildcards", "nowhere", "There is no folder")]
    public async Task Batch_WithAFolderThatWillNotDo_SaysSoBeforeTheModelIsOpened(string option, string value, string expected)
    {
        File.WriteAllText(_folder["occupied"], "");

        (await RunAsync(["batch", _folder["jobs.csv"], "--model", _folder["no-model"], option, _folder[value]])).AssertFailedWith(
            null,
            expected
        );
    }

    [Fact]
    public async Task Batch_WithAnFfmpegThatLacksTheEncoder_SaysSoBeforeItComputes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-in is a shell script.");
        var ffmpeg = _folder["ffmpeg"];
        File.WriteAllText(
            ffmpeg,
            "#!/bin/sh\nfor a in \"$@\"; do [ \"$a\" = libx264 ] && { echo \"[vost @ 0x55] Unknown encoder 'libx264'\" >&2; echo "
                + "b >&2; echo c >&2; echo d >&2; exit 8; }; done\nexec ffmpeg \"$@\"\n"
        );
        File.SetUnixFileMode(ffmpeg, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _variables["WAN_FFMPEG"] = ffmpeg;

        var run = await RunAsync([.. _batch[..^1], "mp4"]);

        run.AssertFailedWith(ExitCode.Failed, "Unknown encoder 'libx264'");
        Assert.Contains(".webm", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["out"]));
        (await RunAsync(["generate", "a red circle", "-o", _folder["a.mp4"]])).AssertFailedWith(
            ExitCode.Failed,
            "Unknown encoder 'libx264'"
        );
        await DoneAsync(_batch);
    }

    public void Dispose() => _folder.Dispose();

    private void WriteJobs(params string[] rows) => File.WriteAllText(_folder["jobs.csv"], $"prompt,seed\n{string.Join('\n', rows)}\n");

    private string Clip(int number) => _folder[string.Create(CultureInfo.InvariantCulture, $"out/{number:0000}-a-red-circle-{number}.png")];

    private List<string> Clips() => [.. Directory.EnumerateFiles(_folder["out"], "*.png").Order(StringComparer.Ordinal)];

    private async Task<CommandLineRun> DoneAsync(string[] args)
    {
        var run = await RunAsync(args);
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        return run;
    }

    private Task<CommandLineRun> RunAsync(string[] args) =>
        CommandLineRun.RunAsync(args, variables: _variables, cancellationToken: TestContext.Current.CancellationToken);
}
