using System.Diagnostics;
using System.Text.Json;
using WanSharp.Engine;
using WanSharp.Hosting;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs;
using WanSharp.Jobs.Storage;

namespace WanSharp.Cli.Tests;

/// <summary><c>wan batch</c> that is killed, resumed, run twice at once, out of disk, or whose jobs fail.</summary>
public sealed class BatchInterruptionTests : BatchTests
{
    [Fact]
    public async Task Batch_WhereAJobFails_MakesTheOthersAndReturnsOne()
    {
        // As if the image had been there when the jobs were checked.
        UseQuickModel();
        var folder = JobFolder.Create(_folder["out"]);
        new BackendSettings
        {
            Engine = new EngineSettings { Model = "shapes", Provider = "cpu" },
        }.Save(folder);
        using (var store = JobStore.Open(folder, TimeProvider.System))
        {
            store.Enqueue([Job("bad.png", new Dictionary<int, string> { [0] = _folder["gone.png"] }), Job("good.png", [])]);
        }

        var run = await RunAsync("batch", "--resume", _folder["out"], "--attempts", "2");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("wan: bad.png failed after 1 attempt: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("good.png", Entries("out"));
        Assert.DoesNotContain("bad.png", Entries("out"));
    }

    /// <summary>
    /// Jobs that wait are made with what they were planned for, whatever is added to their folder; a resumed batch keeps its
    /// batch size.
    /// </summary>
    [Fact]
    public async Task Batch_AddedToAFolderWhereJobsWaitForOtherSettings_IsRefused()
    {
        UseQuickModel();
        var folder = JobFolder.Create(_folder["out"]);
        new BackendSettings { Engine = new EngineSettings { Options = new EngineOptions { BatchSize = 1 } } }.Save(folder);
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
        Assert.Equal((null, 2), (kept.Engine.Options.BatchSize, kept.Engine.Options.Lanes));

        // as scripts call it that were written before it was --lanes
        run = await RunAsync([.. args, "--workers", "3"]);
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.Equal(3, BackendSettings.Load(folder).Engine.Options.Lanes);
        Assert.DoesNotContain("--workers", (await RunAsync("batch", "--help")).Out, StringComparison.Ordinal);
    }

    /// <summary>Two programs on one folder and one cache at the same time: every clip is there, whole, and made by one of them.</summary>
    [Fact]
    public async Task Batch_ResumedByTwoProcesses_MakesEachClipOnce()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The processes are Linux's.");
        var folder = JobFolder.Create(_folder["out"]);
        new BackendSettings
        {
            Engine = new EngineSettings { Model = "shapes", Provider = "cpu" },
        }.Save(folder);
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
        UseQuickModel();
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
                "--size",
                "64x64",
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
            "0..3",
            "--size",
            "64x64",
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
        var workers = Path.Combine(_folder["out"], ".wan", "workers");
        if (Directory.EnumerateFileSystemEntries(workers).Any()) // a process that was dying may have held its own a moment longer
        {
            Assert.Equal(ExitCode.Done, (await RunAsync("batch", "--resume", _folder["out"], "--no-cache")).ExitCode);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(workers));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_folder["out"], ".wan", "snapshots")));
    }
}
