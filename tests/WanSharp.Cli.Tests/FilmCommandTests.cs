using System.Text.Json;
using WanSharp.Jobs;
using WanSharp.Jobs.Storage;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary><c>wan film</c>, of sections of few steps.</summary>
public sealed class FilmCommandTests(MeasuredMachine machine) : BatchTests
{
    private const string TwoShots = """
        {
          "size": "32x32", "steps": 2, "seed": 1,
          "sections": [
            {"prompt": "a red circle moving left", "frames": 9},
            {"prompt": "a red circle moving right", "frames": 8},
            {"prompt": "a blue square", "frames": 5, "start": "cut"}
          ]
        }
        """;

    [Fact]
    public async Task Film_OfThreeSections_IsWrittenWithItsSettingsAndChapters()
    {
        UseQuickModel();
        Assert.NotEmpty(Ffmpegs.Any);
        File.WriteAllText(_folder["film.json"], TwoShots);

        machine.PlaceIn(_folder["cache"]);
        var dry = await RunAsync("film", _folder["film.json"], "-o", _folder["film.mp4"], "--dry-run", "--json");
        Assert.True(dry.ExitCode == ExitCode.Done, dry.Error);
        var planned = JsonDocument.Parse(dry.Out).RootElement;
        Assert.Equal((22, 2), (planned.GetProperty("frames").GetInt32(), planned.GetProperty("parallel").GetInt32()));
        Assert.Equal(
            ["run", "waits", "run"],
            planned.GetProperty("clips").EnumerateArray().Select(clip => clip.GetProperty("state").GetString())
        );
        Assert.False(Directory.Exists(_folder["film"]));

        var run = await RunAsync("film", _folder["film.json"], "-o", _folder["film.mp4"], "--json");

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        var made = JsonDocument.Parse(run.Out).RootElement;
        Assert.Equal(
            (_folder["film.mp4"], 22, 3),
            (made.GetProperty("path").GetString(), made.GetProperty("frames").GetInt32(), made.GetProperty("computed").GetInt32())
        );
        Assert.Equal(3, Entries("film").Count(name => name.EndsWith(".mkv", StringComparison.Ordinal)));

        // what the film carries is a film, which makes the same
        var embedded = await RunAsync("inspect", _folder["film.mp4"], "--json");
        Assert.True(embedded.ExitCode == ExitCode.Done, embedded.Error);
        Assert.DoesNotContain(_folder["film"], embedded.Out, StringComparison.Ordinal);
        File.WriteAllText(_folder["again.json"], embedded.Out);
        Assert.Equal(ExitCode.Done, (await RunAsync("film", _folder["again.json"], "-o", _folder["again.mp4"])).ExitCode);
        Assert.Equal(File.ReadAllBytes(_folder["film.mp4"]).Length, File.ReadAllBytes(_folder["again.mp4"]).Length);
        Assert.Contains("3 sections", (await RunAsync("inspect", _folder["film.mp4"])).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Film_IntoAFolderOfOtherThings_IsRefused()
    {
        File.WriteAllText(_folder["film.json"], TwoShots);
        Directory.CreateDirectory(_folder["film"]);
        File.WriteAllText(_folder["film/notes.txt"], "mine");

        (await RunAsync("film", _folder["film.json"], "-o", _folder["film.webp"])).AssertFailed(ExitCode.Failed, "a folder of its own");
    }

    [Fact]
    public async Task Film_WithBadSections_NamesEachAndMakesNothing()
    {
        File.WriteAllText(
            _folder["film.json"],
            """
            {"sections": [
              {"prompt": "a", "frames": 0},
              {"prompt": "b", "size": "31x31"},
              {"prompt": "c", "begin": "cut"}
            ]}
            """
        );

        var run = await RunAsync("film", _folder["film.json"], "-o", _folder["film.webp"]);

        Assert.Equal(ExitCode.WrongUsage, run.ExitCode);
        Assert.Contains("film.json:4:", run.Error, StringComparison.Ordinal);
        Assert.Contains("nothing was run", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["film"]));
    }

    [Fact]
    public async Task Film_KilledAndResumed_EndsWithTheSameFilmAndNothingMadeTwice()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent with the tools of Linux.");
        Assert.NotEmpty(Ffmpegs.Any);
        File.WriteAllText(_folder["film.json"], TwoShots);
        string[] options = ["--batch-size", "1", "--no-cache"];
        Assert.Equal(ExitCode.Done, (await RunAsync(["film", _folder["film.json"], "-o", _folder["calm.mkv"], .. options])).ExitCode);

        var made = new HashSet<string>();
        for (var kill = 0; kill < 2; kill++)
        {
            await KillAfterAsync(1, ["film", _folder["film.json"], "-o", _folder["film.mkv"], .. options]);
            Assert.Superset(made, Clips()); // what was there stays the same file
            made = Clips();
        }

        var run = await RunAsync(["film", _folder["film"], .. options]);

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.Superset(made, Clips());
        Assert.NotEmpty(made);
        Assert.Equal(3, Clips().Count);
        Assert.Equal(File.ReadAllBytes(_folder["calm.mkv"]), File.ReadAllBytes(_folder["film.mkv"]));
        using var store = JobStore.Open(JobFolder.Open(_folder["film"]), TimeProvider.System);
        Assert.Equal(3, store.All().Count);
        Assert.All(store.All(), job => Assert.Equal(JobState.Succeeded, job.State));

        HashSet<string> Clips() =>
            [
                .. Directory
                    .EnumerateFiles(_folder["film"], "*.mkv")
                    .Select(path => $"{Path.GetFileName(path)} {File.GetLastWriteTimeUtc(path).Ticks}"),
            ];
    }

    [Fact]
    public async Task Redo_OfASection_MakesThatOneAndThoseThatContinueIt()
    {
        UseQuickModel();
        Assert.NotEmpty(Ffmpegs.Any);
        File.WriteAllText(_folder["film.json"], TwoShots);
        Assert.Equal(ExitCode.Done, (await RunAsync("film", _folder["film.json"], "-o", _folder["film.mkv"])).ExitCode);
        var before = Digests("film", "*.mkv").ToList();

        var run = await RunAsync("film", "redo", _folder["film"], "--section", "3", "--seed", "9", "--json");

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        var after = Digests("film", "*.mkv").ToList();
        Assert.Equal(before, after.Intersect(before));
        Assert.Equal(4, after.Count);

        Assert.Equal(
            ExitCode.Done,
            (await RunAsync("film", "redo", _folder["film"], "--section", "1", "--prompt", "a blue star")).ExitCode
        );
        Assert.Equal(6, Digests("film", "*.mkv").Count()); // the second continues the first

        // or is led up to
        after = [.. Digests("film", "*.mkv")];
        string[] redo = ["film", "redo", _folder["film"], "--section", "1", "--keep-rest", "--seed", "5"];
        var dry = await RunAsync([.. redo, "--dry-run", "--json"]);
        Assert.True(dry.ExitCode == ExitCode.Done, dry.Error);
        Assert.Equal(
            ["run", "done", "done"],
            JsonDocument
                .Parse(dry.Out)
                .RootElement.GetProperty("clips")
                .EnumerateArray()
                .Select(clip => clip.GetProperty("state").GetString())
        );
        var kept = await RunAsync(redo);
        Assert.True(kept.ExitCode == ExitCode.Done, kept.Error);
        Assert.Equal(after, Digests("film", "*.mkv").Intersect(after));
        Assert.Equal(7, Digests("film", "*.mkv").Count());

        (await RunAsync("film", _folder["film"], "--threads", "1")).AssertFailed(ExitCode.WrongUsage, "drop --threads");

        // also where the folder is moved
        Directory.Move(_folder["film"], _folder["elsewhere"]);
        dry = await RunAsync("film", _folder["elsewhere"], "--dry-run", "--json");
        Assert.True(dry.ExitCode == ExitCode.Done, dry.Error);
    }

    [Fact]
    public async Task Extend_AClip_ShowsItAndWhatComesAfter()
    {
        Assert.NotEmpty(Ffmpegs.Any);
        Assert.Equal(
            ExitCode.Done,
            (
                await RunAsync("generate", "a red circle", "--size", "32x32", "--frames", "9", "--steps", "1", "-o", _folder["clip.mp4"])
            ).ExitCode
        );

        var run = await RunAsync("extend", _folder["clip.mp4"], "it stops", "--seconds", "1.5", "--steps", "1", "--from", "0.5", "--json");

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        var made = JsonDocument.Parse(run.Out).RootElement;
        Assert.Equal(_folder["clip-extended.mp4"], made.GetProperty("path").GetString());
        Assert.Equal((32, 8), (made.GetProperty("width").GetInt32(), made.GetProperty("fps").GetInt32()));
        Assert.Equal([5, 12], made.GetProperty("clips").EnumerateArray().Select(clip => clip.GetProperty("frames").GetInt32()));
    }

    [Fact]
    public async Task Generate_LongerThanTheModel_MakesTheSectionsOfThePrompt()
    {
        Assert.NotEmpty(Ffmpegs.Any);
        string[] options = ["--size", "32x32", "--steps", "1", "--json"];

        var run = await RunAsync(["generate", "a red circle | a blue star", "--seconds", "3", "-o", _folder["long.mp4"], .. options]);

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        var clips = JsonDocument.Parse(run.Out).RootElement.GetProperty("clips").EnumerateArray().ToList();
        Assert.Equal(["a red circle", "a blue star"], clips.Select(clip => clip.GetProperty("prompt").GetString()));
        Assert.Equal([12, 12], clips.Select(clip => clip.GetProperty("frames").GetInt32()));

        var one = await RunAsync(["generate", "a red circle | a blue star", "--seconds", "2", "-o", _folder["one.mp4"], .. options]);
        Assert.True(one.ExitCode == ExitCode.Done, one.Error);
        Assert.Contains("is read as text", one.Error, StringComparison.Ordinal);
        Assert.Equal(17, JsonDocument.Parse(one.Out).RootElement.GetProperty("settings").GetProperty("frames").GetInt32());

        (await RunAsync(["generate", "a || b", "--seconds", "3", .. options])).AssertFailed(ExitCode.WrongUsage, "is empty");
    }
}
