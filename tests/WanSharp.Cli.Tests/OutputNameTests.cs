using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>A name that the program chose replaces no file.</summary>
public sealed class OutputNameTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("A red circle, moving!", 7UL, "a-red-circle-moving-7.mp4")]
    [InlineData("...", null, "clip-0.mp4")]
    public void For_APrompt_IsItsWordsAndTheSeed(string prompt, ulong? seed, string expected) =>
        Assert.Equal(expected, OutputName.For(new GenerationRequest { Prompt = prompt, Seed = seed }, _folder[""]));

    [Fact]
    public void For_ANameThatIsTaken_CountsOn()
    {
        var request = new GenerationRequest { Prompt = "a cat" };
        _folder.Write("a-cat-0.mp4", "kept");
        Directory.CreateDirectory(_folder["a-cat-0-2.mp4"]);

        Assert.Equal("a-cat-0-3.mp4", OutputName.For(request, _folder[""]));
    }
}
