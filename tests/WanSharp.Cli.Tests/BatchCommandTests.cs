using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs;
using WanSharp.Jobs.Storage;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary><c>wan batch</c> and <c>wan jobs</c> with the Shapes model: small clips of few steps.</summary>
public sealed class BatchCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _variables;

    public BatchCommandTests() =>
        _variables = new Dictionary<string, string>
        {
            ["WAN_CACHE"] = _folder["cache"],
            ["XDG_CONFIG_HOME"] = _folder["config"],
            ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "",
        };

    [Fact]
    public async Task Batch_OfPrompts_MakesEachClipOnceAndReports()
    {
        File.WriteAllText(_folder["prompts.txt"], "a red circle\na blue star\n");

        var run = await RunAsync(
            "batch",
            "--prompts",
            _folder["prompts.txt"],
            "--styles",
            "anime,水墨",
            "--size",
            "32x32",
            "--frames",
            "5",
            "--steps",
            "1",
            "--format",
            "png",
            "-o",
            _folder["out"]
        );

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.Contains("4 jobs: 4 clips (4 computed", run.Out, StringComparison.Ordinal);
        Assert.Equal(
            [
                ".wan",
                "0001-a-red-circle-anime-0.png",
                "0002-a-red-circle-ink-0.png",
                "0003-a-blue-star-anime-0.png",
                "0004-a-blue-star-ink-0.png",
                "report.html",
                "report.json",
            ],
            Entries("out")
        );
        var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder["out"], "report.json"))).RootElement;
        Assert.Equal(4, report.GetProperty("new").GetInt32());
        Assert.Equal(4, File.ReadAllText(Path.Combine(_folder["out"], "report.html")).Split("data:image/jpeg").Length - 1);

        // The same jobs in another folder come from the cache; in the same folder nothing is left to do.
        var before = Directory.GetLastWriteTimeUtc(_folder["out"]);
        var cached = await RunAsync(
            "batch",
            "--prompts",
            _folder["prompts.txt"],
            "--styles",
            "anime,水墨",
            "--size",
            "32x32",
            "--frames",
            "5",
            "--steps",
            "1",
            "--format",
            "png",
            "-o",
            _folder["again"],
            "--json"
        );
        Assert.Equal(4, JsonDocument.Parse(cached.Out).RootElement.GetProperty("hits").GetInt32());
        Assert.Equal(Digests("out"), Digests("again"));
        var dry = await RunAsync(
            "batch",
            "--prompts",
            _folder["prompts.txt"],
            "--styles",
            "anime,水墨",
            "--size",
            "32x32",
            "--frames",
            "5",
            "--steps",
            "1",
            "--format",
            "png",
            "-o",
            _folder["third"],
            "--dry-run"
        );
        Assert.Contains("4 cached, 0 equal to another, 0 to run.", dry.Out, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["third"]));
        Assert.Equal(before, Directory.GetLastWriteTimeUtc(_folder["out"]));

        var list = await RunAsync("jobs", "list", _folder["out"]);
        Assert.Contains("0 queued, 0 running, 4 succeeded", list.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_WithALimit_ReportsWhatWasSetAsideHeldAndShed_AndHowEachClipWasCompiled()
    {
        File.WriteAllText(_folder["prompts.txt"], "a red circle\n");

        var run = await RunAsync(
            "batch",
            "--prompts",
            _folder["prompts.txt"],
            "--size",
            "32x32",
            "--frames",
            "1",
            "--steps",
            "1",
            "--format",
            "png",
            "--memory",
            "8GB",
            "--compile",
            "blocks",
            "-o",
            _folder["out"],
            "--json"
        );

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        var printed = JsonDocument.Parse(run.Out).RootElement;
        var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder["out"], "report.json"))).RootElement;
        Assert.All(
            [printed.GetProperty("memory"), report.GetProperty("memory")],
            memory =>
            {
                Assert.InRange(memory.GetProperty("allowed_bytes").GetInt64(), 1, 8_000_000_000);
                Assert.Contains(memory.GetProperty("reserved").EnumerateArray(), part => part.GetProperty("bytes").GetInt64() > 0);
                Assert.Contains(
                    memory.GetProperty("held").EnumerateArray(),
                    part => part.GetProperty("part").GetString() == "activations and packed weights"
                );
                Assert.Empty(memory.GetProperty("shed").EnumerateObject()); // there was no shortage
                Assert.Equal("blocks", memory.GetProperty("strategy").GetProperty("compile").GetString());
            }
        );
        Assert.Equal("blocks", report.GetProperty("jobs")[0].GetProperty("outcome").GetProperty("compile").GetString());
    }

    /// <summary>
    /// Where the whole network is wanted, clips begin with blocks until it is there: those are not the clips of their key.
    /// </summary>
    [Fact]
    public async Task Batch_OfTheWholeNetwork_KeepsOnlyClipsThatItMade()
    {
        string[] clip = ["--size", "32x32", "--frames", "1", "--steps", "1", "--compile", "whole"];
        File.WriteAllText(_folder["prompts.txt"], "a red circle\n");
        var kept = await MakeAsync("one") == "whole" ? 1 : 0; // that depends on which was faster
        // leaves the network on disk
        Assert.Equal(ExitCode.Done, (await RunAsync(["generate", "a star", .. clip, "-o", _folder["star.png"]])).ExitCode);

        Assert.Equal("whole", await MakeAsync("two", kept));
        Assert.Equal("whole", await MakeAsync("three", hits: 1));

        async Task<string?> MakeAsync(string folder, int hits = 0)
        {
            var run = await RunAsync(["batch", "--prompts", _folder["prompts.txt"], .. clip, "--format", "png", "-o", _folder[folder]]);
            Assert.True(run.ExitCode == ExitCode.Done, run.Error);
            var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder[folder], "report.json"))).RootElement;
            Assert.Equal(hits, report.GetProperty("hits").GetInt32());
            return report.GetProperty("jobs")[0].GetProperty("outcome").GetProperty("compile").GetString();
        }
    }

    [Fact]
    public async Task Batch_WithBadLines_NamesAllOfThemAndRunsNothing()
    {
        File.WriteAllText(
            _folder["jobs.jsonl"],
            "{\"prompt\":\"a\"}\n{\"promt\":\"a\"}\n{\"prompt\":\"a\",\"size\":\"33x32\"}\n{\"prompt\":\"a\",\"image\":\"none.png\"}\n"
        );

        var run = await RunAsync("batch", _folder["jobs.jsonl"], "-o", _folder["out"]);

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.Contains("jobs.jsonl:2:10: There is no field 'promt'", run.Error, StringComparison.Ordinal);
        Assert.Contains("jobs.jsonl:3:22: A size of 33x32", run.Error, StringComparison.Ordinal);
        Assert.Contains("jobs.jsonl:4:", run.Error, StringComparison.Ordinal);
        Assert.Contains("3 jobs of", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Fact]
    public async Task Batch_WhereAJobFails_MakesTheOthersAndReturnsOne()
    {
        // As if the image had been there when the jobs were checked.
        var folder = JobFolder.Create(_folder["out"]);
        new BackendSettings { Model = "shapes", Provider = "cpu" }.Save(folder);
        using (var store = JobStore.Open(folder, TimeProvider.System))
        {
            store.Enqueue([Job("bad.png", new Dictionary<int, string> { [0] = _folder["gone.png"] }), Job("good.png", [])]);
        }

        var run = await RunAsync("batch", "--resume", _folder["out"], "--attempts", "2");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("wan: bad.png failed after 2 attempts: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("good.png", Entries("out"));
        Assert.DoesNotContain("bad.png", Entries("out"));
    }

    [Fact]
    public async Task Batch_ThatReusesSteps_BeginsWithThoseOfAPromptThatSaysTheSameAndMarksTheClip()
    {
        string[] Of(string prompts, string folder)
        {
            File.WriteAllText(_folder["prompts.txt"], prompts);
            return
            [
                "batch",
                "--prompts",
                _folder["prompts.txt"],
                "--size",
                "32x32",
                "--frames",
                "5",
                "--steps",
                "5",
                "--format",
                "png",
                "-o",
                _folder[folder],
                "--json",
            ];
        }

        await RunAsync([.. Of("a red circle moving left on a black background\n", "first"), "--reuse", "similar"]);
        const string Others = "a red circle moves left on a black background\na blue star growing\n";
        var dry = JsonDocument.Parse((await RunAsync([.. Of(Others, "out"), "--reuse", "similar", "--dry-run"])).Out).RootElement;
        var run = JsonDocument.Parse((await RunAsync([.. Of(Others, "out"), "--reuse", "similar"])).Out).RootElement;
        var exact = JsonDocument.Parse((await RunAsync(Of(Others, "exact"))).Out).RootElement;

        Assert.Equal((2, 1), (dry.GetProperty("run").GetInt32(), dry.GetProperty("similar").GetInt32()));
        Assert.Equal(3, dry.GetProperty("outputs")[0].GetProperty("reuses").GetProperty("steps").GetInt32());
        Assert.Equal((2, 1), (run.GetProperty("new").GetInt32(), run.GetProperty("reused").GetInt32()));
        // the star is in the cache, the near circle is not
        Assert.Equal((1, 0), (exact.GetProperty("new").GetInt32(), exact.GetProperty("reused").GetInt32()));
        var inspected = await RunAsync("inspect", Directory.EnumerateFiles(_folder["out"], "0001*.png").Single());
        Assert.Contains("3 steps of \"a red circle moving left on a black background\"", inspected.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("to the bit", inspected.Out, StringComparison.Ordinal);
        var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder["out"], "report.json"))).RootElement;
        Assert.Equal(3, report.GetProperty("jobs")[0].GetProperty("outcome").GetProperty("reused").GetProperty("steps").GetInt32());
        Assert.Contains("steps", (await RunAsync("cache", "stats")).Out, StringComparison.Ordinal);
    }

    /// <summary>
    /// Jobs that wait are made with what they were planned for, whatever is added to their folder; a resumed batch keeps its
    /// batch size.
    /// </summary>
    [Fact]
    public async Task Batch_AddedToAFolderWhereJobsWaitForOtherSettings_IsRefused()
    {
        var folder = JobFolder.Create(_folder["out"]);
        new BackendSettings
        {
            Model = "shapes",
            Provider = "auto",
            BatchSize = 1,
        }.Save(folder);
        using (var store = JobStore.Open(folder, TimeProvider.System))
        {
            store.Enqueue([Job("waits.png", [])]);
        }

        File.WriteAllText(_folder["prompts.txt"], "a blue star\n");
        string[] args =
        [
            "batch",
            "--prompts",
            _folder["prompts.txt"],
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
        ];

        (await RunAsync([.. args, "--precision", "int8"])).AssertFailed(ExitCode.Failed, "1 jobs that wait for another model");
        Assert.DoesNotContain("0001-a-blue-star-0.png", (await RunAsync("jobs", "list", _folder["out"])).Out, StringComparison.Ordinal);

        var run = await RunAsync([.. args, "--batch-size", "auto", "--lanes", "2"]);
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.Equal(
            ["0001-a-blue-star-0.png", "waits.png"],
            Entries("out").Where(name => name.EndsWith(".png", StringComparison.Ordinal))
        );
        var kept = BackendSettings.Load(folder);
        Assert.Equal((null, 2), (kept.BatchSize, kept.Lanes));
    }

    /// <summary>Two programs on one folder and one cache at the same time: every clip is there, whole, and made by one of them.</summary>
    [Fact]
    public async Task Batch_ResumedByTwoProcesses_MakesEachClipOnce()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The processes are Linux's.");
        var folder = JobFolder.Create(_folder["out"]);
        new BackendSettings { Model = "shapes", Provider = "cpu" }.Save(folder);
        using (var store = JobStore.Open(folder, TimeProvider.System))
        {
            store.Enqueue([
                .. Enumerable
                    .Range(0, 16)
                    .Select(i =>
                        Job($"{i:00}.png", []) with
                        {
                            Request = new JobRequest
                            {
                                Prompt = "a red circle",
                                Width = 32,
                                Height = 32,
                                Frames = 5,
                                Steps = 4,
                                Seed = (ulong)i,
                            },
                        }
                    ),
            ]);
        }

        using var one = StartWan("batch", "--resume", _folder["out"], "--batch-size", "1");
        using var two = StartWan("batch", "--resume", _folder["out"], "--batch-size", "1");
        var output = await Task.WhenAll(
            new[] { one, two }.Select(wan => wan.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken))
        );
        await Task.WhenAll(
            one.WaitForExitAsync(TestContext.Current.CancellationToken),
            two.WaitForExitAsync(TestContext.Current.CancellationToken)
        );

        Assert.True((one.ExitCode, two.ExitCode) == (ExitCode.Done, ExitCode.Done), string.Join('\n', output));
        var made = output
            .SelectMany(text => text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            .Where(line => line.StartsWith('['))
            .Select(line => line.Split(' ')[1])
            .ToList();
        Assert.Equal(Enumerable.Range(0, 16).Select(i => $"{i:00}.png:"), made.Order(StringComparer.Ordinal));
        using var after = JobStore.Open(folder, TimeProvider.System);
        Assert.All(after.All(), job => Assert.Equal((JobState.Succeeded, 1), (job.State, job.Attempts)));
        Assert.Equal(16, Digests("out").Select(digest => digest.Split(' ')[1]).Distinct().Count());
    }

    /// <summary>A disk of 2 MB fills in the middle of the batch; with more room the batch ends as if nothing had been.</summary>
    [Fact]
    public async Task Batch_OnADiskThatFillsUp_StopsWithAReasonAndGoesOnWhenThereIsRoom()
    {
        var disk = Directory.CreateDirectory(_folder["disk"]).FullName;
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && await MountAsync("-t", "tmpfs", "-o", "size=2m", "tmpfs", disk),
            "A small disk can only be made by root."
        );
        try
        {
            File.WriteAllBytes(Path.Combine(disk, "filler"), new byte[1_600_000]);
            File.WriteAllText(_folder["prompts.txt"], "a red circle moving left\n");
            string[] args =
            [
                "batch",
                "--prompts",
                _folder["prompts.txt"],
                "--seeds",
                "0..59",
                "--frames",
                "9",
                "--steps",
                "1",
                "--format",
                "png",
                "--batch-size",
                "1",
                "--no-cache",
            ];

            var full = await RunAsync([.. args, "-o", Path.Combine(disk, "out")]);
            Assert.Equal(ExitCode.Failed, full.ExitCode);
            Assert.Contains("full", full.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("Exception", full.Error, StringComparison.Ordinal);

            File.Delete(Path.Combine(disk, "filler"));
            Assert.True(await MountAsync("-o", "remount,size=40m", disk));
            var resumed = await RunAsync("batch", "--resume", Path.Combine(disk, "out"), "--batch-size", "1", "--no-cache", "--json");
            Assert.True(resumed.ExitCode == ExitCode.Done, resumed.Error);
            Assert.Equal(60, JsonDocument.Parse(resumed.Out).RootElement.GetProperty("succeeded").GetInt32());
            Assert.Equal(60, Directory.EnumerateFiles(Path.Combine(disk, "out"), "*.png").Count(file => new FileInfo(file).Length > 0));

            Assert.True(await MountAsync("-o", "remount,ro", disk));
            Assert.Contains("60 succeeded", (await RunAsync("jobs", "list", Path.Combine(disk, "out"))).Out, StringComparison.Ordinal);
            Assert.Contains(
                "60 done",
                (await RunAsync("batch", "--resume", Path.Combine(disk, "out"), "--dry-run")).Out,
                StringComparison.Ordinal
            );
            var readOnly = await RunAsync([.. args, "-o", Path.Combine(disk, "other")]);
            readOnly.AssertFailed(ExitCode.Failed, "cannot hold jobs");
        }
        finally
        {
            using var unmount = Process.Start("umount", disk);
            await unmount.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Theory]
    [InlineData(
        "works with this program's own engine",
        "batch",
        "jobs.jsonl",
        "--reuse",
        "similar",
        "--backend",
        "comfy:http://127.0.0.1:1"
    )]
    [InlineData("Say what to make", "batch")]
    [InlineData("leave out", "batch", "jobs.jsonl", "--resume", "out")]
    [InlineData("holds no jobs", "batch", "--resume", "nowhere")]
    [InlineData("holds no jobs", "jobs", "list", "nowhere")]
    [InlineData("goes with --prompts", "batch", "jobs.jsonl", "--seeds", "0..3")]
    [InlineData("not a file of jobs", "batch", "jobs.txt")]
    [InlineData("There is no file", "batch", "nowhere.jsonl")]
    [InlineData("outside -1000 to 1000", "batch", "jobs.jsonl", "--priority", "1001")]
    [InlineData("batch size", "batch", "jobs.jsonl", "--batch-size", "0")]
    [InlineData("seed", "batch", "--prompts", "p.txt", "--seeds", "3..1")]
    public async Task WrongUsage_IsToldInALine(string expected, params string[] args)
    {
        var run = await RunAsync(args);
        run.AssertFailed(run.ExitCode, expected);
        Assert.InRange(run.ExitCode, ExitCode.Failed, ExitCode.WrongUsage);
    }

    /// <summary>Killed at three moments, it ends with what an undisturbed run makes, to the bit.</summary>
    [Fact]
    public async Task Batch_KilledAndResumed_EndsWithTheSameClips()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent with the tools of Linux.");
        File.WriteAllText(_folder["prompts.txt"], "a red circle moving left\na blue star growing\n");
        string[] args =
        [
            "batch",
            "--prompts",
            _folder["prompts.txt"],
            "--seeds",
            "0..2",
            "--frames",
            "9",
            "--steps",
            "6",
            "--format",
            "png",
            "--batch-size",
            "1",
            "--no-cache",
        ];
        Assert.Equal(ExitCode.Done, (await RunAsync([.. args, "-o", _folder["calm"]])).ExitCode);

        foreach (var (i, lines) in ((int[])[1, 1, 2]).Index())
        {
            await KillAfterAsync(
                lines,
                i == 0 ? [.. args, "-o", _folder["out"]] : ["batch", "--resume", _folder["out"], "--batch-size", "1", "--no-cache"]
            );
        }

        var run = await RunAsync("batch", "--resume", _folder["out"], "--batch-size", "1", "--no-cache");

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.Equal(Digests("calm"), Digests("out"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_folder["out"], ".wan", "workers")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_folder["out"], ".wan", "snapshots")));
    }

    public void Dispose() => _folder.Dispose();

    private static NewJob Job(string output, Dictionary<int, string> images) =>
        new()
        {
            Output = output,
            Request = new JobRequest
            {
                Prompt = "a red circle",
                Width = 32,
                Height = 32,
                Frames = 5,
                Steps = 1,
                Images = images,
            },
            Prepared = new PreparedJob
            {
                ExecutionGroup = "",
                FeatureGroup = "",
                ResultKey = null,
                Settings = "{}",
                Steps = 1,
            },
        };

    private static async Task<bool> MountAsync(params string[] args)
    {
        using var mount = Process.Start(new ProcessStartInfo("mount", args) { RedirectStandardError = true })!;
        await mount.WaitForExitAsync(TestContext.Current.CancellationToken);
        return mount.ExitCode == 0;
    }

    private Process StartWan(params string[] args)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "wan"), args)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["WAN_CACHE"] = _folder["cache"];
        return Process.Start(start)!;
    }

    private async Task KillAfterAsync(int lines, string[] args)
    {
        using var wan = StartWan(args);
        for (var i = 0; i < lines; i++)
        {
            await wan.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
        }

        wan.Kill(); // SIGKILL
        await wan.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private IEnumerable<string> Entries(string folder) =>
        Directory.EnumerateFileSystemEntries(_folder[folder]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private IEnumerable<string> Digests(string folder) =>
        Directory
            .EnumerateFiles(_folder[folder], "*.png")
            .Order(StringComparer.Ordinal)
            .Select(path => $"{Path.GetFileName(path)} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}");

    private Task<CommandLineRun> RunAsync(params string[] args) =>
        CommandLineRun.RunAsync(args, variables: _variables, cancellationToken: TestContext.Current.CancellationToken);
}
