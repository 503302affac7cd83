using WanSharp.Media.Clips;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Clips;

public sealed class OutputTargetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("clip.mp4", OutputKind.Mp4)]
    [InlineData("CLIP.MP4", OutputKind.Mp4)]
    [InlineData("a.b/clip.webm", OutputKind.WebM)]
    [InlineData("clip.gif", OutputKind.Gif)]
    [InlineData("clip.mkv", OutputKind.Lossless)]
    [InlineData("clip.png", OutputKind.ContactSheet)]
    [InlineData("100%.png", OutputKind.ContactSheet)]
    [InlineData("clip-%03d.png", OutputKind.PngSequence)]
    [InlineData("frames/", OutputKind.PngSequence)]
    public void TryParse_ByTheEndOfThePath_FindsTheFormat(string path, OutputKind kind)
    {
        Assert.True(OutputTarget.TryParse(_folder[path], out var target, out _));
        Assert.Equal(kind, target.Kind);
        Assert.StartsWith(_folder.Path, target.FullPath, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("clip.avi")]
    [InlineData("clip")]
    [InlineData(".mp4x")]
    public void TryParse_NoFormat_NamesThem(string path)
    {
        Assert.False(OutputTarget.TryParse(_folder[path], out _, out var error));
        Assert.Equal(
            $"'{_folder[path]}' names no format that can be written: end it in .mp4, .webm, .gif, .webp, .mkv (lossless), "
                + ".png (all frames in one picture), -%04d.png or / (one PNG per frame).",
            error
        );
    }

    [Fact]
    public void TryParse_OfANameThatNoDiskTakes_SaysHowLongItIs()
    {
        Assert.True(OutputTarget.TryParse(new string('x', 251) + ".mp4", out _, out _));
        Assert.False(OutputTarget.TryParse(new string('x', 260) + ".mp4", out _, out var error));
        Assert.Contains("264 bytes", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_Folder_SaysWhatToWrite()
    {
        Assert.False(OutputTarget.TryParse(_folder.Path, out _, out var error));
        Assert.Equal(
            $"{_folder.Path} is a folder: write {_folder.Path}/ for one PNG per frame in it, or a file "
                + $"name in it such as {_folder["clip.mp4"]}.",
            error
        );
        Assert.False(OutputTarget.TryParse("", out _, out _));
    }
}
