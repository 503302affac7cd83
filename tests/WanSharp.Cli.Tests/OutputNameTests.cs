using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>A clip that was not given a name never takes that of another.</summary>
public sealed class OutputNameTests : IDisposable
{
    private static readonly GenerationRequest Star = new() { Prompt = "A star, 三 falling!" };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("A star, 三 falling!", null, "a-star-三-falling-0.mp4")]
    [InlineData("a star", 7UL, "a-star-7.mp4")]
    [InlineData("!?", 7UL, "clip-7.mp4")]
    public void Take_InAnEmptyFolder_IsThePromptAndTheSeed(string prompt, ulong? seed, string expected)
    {
        using var name = OutputName.Take(Star with { Prompt = prompt, Seed = seed }, _folder.Path);

        Assert.Equal(_folder[expected], name.Path);
    }

    [Fact]
    public void Take_WhereClipsOfThatNameAre_AddsANumber()
    {
        File.WriteAllText(_folder["a-star-三-falling-0.mp4"], "earlier");
        File.WriteAllText(_folder["a-star-三-falling-0-2.webp"], "earlier, without ffmpeg");

        using var third = OutputName.Take(Star, _folder.Path);
        using var fourth = OutputName.Take(Star, _folder.Path); // while the third is made

        Assert.Equal(_folder["a-star-三-falling-0-3.mp4"], third.Path);
        Assert.Equal(_folder["a-star-三-falling-0-4.mp4"], fourth.Path);
    }

    /// <summary>What a process that was killed leaves: an empty file that nobody holds.</summary>
    [Fact]
    public void Take_WhereAnEmptyFileIsLeft_TakesItsName()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Names are not held open there.");
        File.WriteAllText(_folder["a-star-三-falling-0.mp4"], "");

        using var name = OutputName.Take(Star, _folder.Path);
        using var next = OutputName.Take(Star, _folder.Path); // while the first is made

        Assert.Equal(_folder["a-star-三-falling-0.mp4"], name.Path);
        Assert.Equal(_folder["a-star-三-falling-0-2.mp4"], next.Path);
    }

    [Fact]
    public void Dispose_RemovesWhatStayedEmptyAndNothingElse()
    {
        using (OutputName.Take(Star, _folder.Path))
        {
            var made = OutputName.Take(Star, _folder.Path);
            File.WriteAllText(_folder["work"], "a clip");
            File.Move(_folder["work"], made.Path, overwrite: true); // as clips come to their places
            made.Dispose();
        }

        Assert.Equal(["a-star-三-falling-0-2.mp4"], Directory.EnumerateFiles(_folder.Path).Select(Path.GetFileName));
    }
}
