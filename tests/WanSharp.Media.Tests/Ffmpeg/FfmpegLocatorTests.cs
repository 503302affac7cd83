using WanSharp.Media.Ffmpeg;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Ffmpeg;

public sealed class FfmpegLocatorTests : IDisposable
{
    private static readonly string Program = OperatingSystem.IsWindows() ? "ffmpeg.exe" : "ffmpeg";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_ChosenThenSearchPathThenAssemblies()
    {
        var (chosen, onPath, beside) = (Make("chosen"), Make("path"), Make("beside"));
        var searchPath = string.Join(Path.PathSeparator, _folder["none"], "relative", Path.GetDirectoryName(onPath));
        Assert.Equal(chosen, FfmpegLocator.Find(chosen, searchPath, Path.GetDirectoryName(beside)!));
        Assert.Equal(onPath, FfmpegLocator.Find(null, searchPath, Path.GetDirectoryName(beside)!));
        Assert.Equal(onPath, FfmpegLocator.Find("", searchPath, Path.GetDirectoryName(beside)!));
        Assert.Equal(beside, FfmpegLocator.Find(null, _folder["none"], Path.GetDirectoryName(beside)!));
    }

    [Fact]
    public void Find_None_GivesNull() => Assert.Null(FfmpegLocator.Find(null, _folder.Path, "", "relative"));

    [Fact]
    public void Find_ChosenIsNoProgram_DoesNotTakeAnother()
    {
        var other = Make("path");
        Assert.Throws<MediaException>(() => FfmpegLocator.Find(_folder["none"], Path.GetDirectoryName(other)));
        Assert.Throws<MediaException>(() => FfmpegLocator.Find(_folder.Path, Path.GetDirectoryName(other)));
    }

    private string Make(string folder)
    {
        var file = Path.Combine(Directory.CreateDirectory(_folder[folder]).FullName, Program);
        File.WriteAllText(file, "");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        return file;
    }
}
