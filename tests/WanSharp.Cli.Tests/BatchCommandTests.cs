using System.Text.Json;
using WanSharp.Jobs;

namespace WanSharp.Cli.Tests;

/// <summary><c>wan batch</c>: what it makes and says.</summary>
public sealed class BatchCommandTests : BatchTests
{
    [Fact]
    public async Task Batch_OfPrompts_MakesEachClipOnceAndReports()
    {
        UseQuickModel();
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
        UseQuickModel();
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
        Assert.DoesNotContain("bit for bit", inspected.Out, StringComparison.Ordinal);
        var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder["out"], "report.json"))).RootElement;
        Assert.Equal(3, report.GetProperty("jobs")[0].GetProperty("outcome").GetProperty("reused").GetProperty("steps").GetInt32());
        Assert.Contains("steps", (await RunAsync("cache", "stats")).Out, StringComparison.Ordinal);
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
    [InlineData("are one option by two names", "batch", "jobs.jsonl", "--lanes", "2", "--workers", "4")]
    [InlineData("Name what to make", "batch")]
    [InlineData("leave out", "batch", "jobs.jsonl", "--resume", "out")]
    [InlineData("holds no jobs", "batch", "--resume", "nowhere")]
    [InlineData("holds no jobs", "jobs", "list", "nowhere")]
    [InlineData("works only with --prompts", "batch", "jobs.jsonl", "--seeds", "0..3")]
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

    [Fact]
    public async Task ARunThatFindsNothingToDo_SaysSo_AndRepeatsNoFigures()
    {
        UseQuickModel();
        await File.WriteAllTextAsync(_folder["prompts.txt"], "a red circle\na blue star\n", TestContext.Current.CancellationToken);
        string[] batch =
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

        var first = await RunAsync(batch);
        var again = await RunAsync(batch);
        var json = await RunAsync([.. batch, "--json"]);

        Assert.Contains("2 computed", first.Out, StringComparison.Ordinal);
        Assert.Contains("[1/2]", first.Error, StringComparison.Ordinal);
        Assert.Contains("[2/2]", first.Error, StringComparison.Ordinal);
        Assert.True(again.ExitCode == ExitCode.Done, again.Error);
        Assert.StartsWith("2 jobs: nothing was left to make; 2 clips were there, 0 failed", again.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("computed", again.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("a minute", again.Out, StringComparison.Ordinal);
        Assert.Contains("\"ended_before\":2", json.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void ANote_IsSaidOnceForEachKind_WithTheNumberOfClips()
    {
        using var error = new StringWriter();
        NewJob[] jobs =
        [
            .. Enumerable
                .Range(1, 30)
                .Select(i => Job($"{i}.mp4", []))
                .Select(job => job with { Prepared = job.Prepared with { Notes = ["8 steps are few."] } }),
            Job("long.mp4", []) with
            {
                Prepared = Job("", []).Prepared with { Notes = ["the prompt has 600 tokens"] },
            },
            Job("longer.mp4", []) with
            {
                Prepared = Job("", []).Prepared with { Notes = ["the prompt has 700 tokens"] },
            },
            Job("last.mp4", []) with
            {
                Prepared = Job("", []).Prepared with { Notes = ["it is the last one"] },
            },
        ];

        Batches.BatchNotes.Write(error, jobs);

        Assert.Equal(
            [
                "note: 30 clips: 8 steps are few.",
                "note: long.mp4 and 1 more, each with its own figures: the prompt has 600 tokens",
                "note: last.mp4: it is the last one",
            ],
            error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)
        );
    }
}
