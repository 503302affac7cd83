using System.Text.Json;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Storage;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>A film that nobody named replaces nothing, and takes its own name again.</summary>
public sealed class FilmNameTests : BatchTests
{
    private static readonly string[] Extended = ["--seconds", "1.5", "--steps", "1", "--json"];

    [Fact]
    public async Task Generate_OfALongClipWithoutAName_LeavesTheFileThatHasIt()
    {
        Assert.NotEmpty(Ffmpegs.Any);
        File.WriteAllText(_folder["a-lighthouse-0.mp4"], "mine");

        var run = await ProcessRun.RunAsync(
            ProcessRun.Wan,
            ["generate", "a lighthouse", "--model", QuickModel.Path, "--size", "32x32", "--steps", "1", "--seconds", "3", "--json"],
            new() { ["WAN_CACHE"] = _folder["cache"] },
            _folder.Path
        );

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.Equal("a-lighthouse-0-2.mp4", Path.GetFileName(JsonDocument.Parse(run.Out).RootElement.GetProperty("path").GetString()));
        Assert.Equal("mine", File.ReadAllText(_folder["a-lighthouse-0.mp4"]));
        Assert.False(Directory.Exists(_folder["a-lighthouse-0"]));
        Assert.True(FilmFolder.Exists(_folder["a-lighthouse-0-2"]));
    }

    [Fact]
    public async Task Extend_WithAnotherPrompt_KeepsTheEarlierFilm()
    {
        Assert.NotEmpty(Ffmpegs.Any);
        string[] clip = ["generate", "a red circle", "--size", "32x32", "--frames", "9", "--steps", "1", "-o", _folder["clip.mp4"]];
        Assert.Equal(ExitCode.Done, (await RunAsync(clip)).ExitCode);

        var first = PathOf(await RunAsync(["extend", _folder["clip.mp4"], "it stops", .. Extended]));
        var made = File.ReadAllBytes(first);
        var other = PathOf(await RunAsync(["extend", _folder["clip.mp4"], "it turns", .. Extended]));
        var again = PathOf(await RunAsync(["extend", _folder["clip.mp4"], "it stops", .. Extended]));

        Assert.Equal((_folder["clip-extended.mp4"], _folder["clip-extended-2.mp4"]), (first, other));
        Assert.Equal(first, again);
        Assert.Equal(made.Length, File.ReadAllBytes(first).Length);
    }

    [Fact]
    public void Take_WhereAFilmHasTheName_TakesAnother()
    {
        JobFolder.Create(_folder["a-lighthouse-0"]); // stopped before its clip was written
        File.WriteAllText(_folder[Path.Combine("a-lighthouse-0", FilmFolder.FileName)], "{}");

        using var name = OutputName.Take(new GenerationRequest { Prompt = "a lighthouse" }, _folder.Path);

        Assert.Equal(_folder["a-lighthouse-0-2.mp4"], name.Path);
    }

    private static string PathOf(CommandLineRun run)
    {
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        return JsonDocument.Parse(run.Out).RootElement.GetProperty("path").GetString()!;
    }
}
