using System.Diagnostics;
using WanSharp.Media.Clips;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Clips;

/// <summary>What cannot take a clip says so before anything is computed.</summary>
public sealed class OutputPlaceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("/dev/null", "/dev/null is a device")]
    [InlineData("/dev/stdout", "/dev/stdout is ")]
    public void TryParse_OfADevice_SaysWhatItIs(string path, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Devices have other names there.");
        SkipUnlessSpecial(path);

        Assert.False(OutputTarget.TryParse(path, out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_OfNothing_SaysWhatToWrite()
    {
        Assert.False(OutputTarget.TryParse("", out _, out var error));
        Assert.Contains("The output is empty", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_OfAPipe_Refuses()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Pipes in folders are made with the tools of Linux.");
        using (var make = Process.Start("mkfifo", [_folder["clip.mp4"]]))
        {
            make.WaitForExit();
        }

        AssertRefused("clip.mp4", "it is a pipe");
    }

    [Fact]
    public void Require_OfALinkToADevice_Refuses()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It takes a device of Linux.");
        File.CreateSymbolicLink(_folder["clip.mp4"], "/dev/null");

        AssertRefused("clip.mp4", "it is a device");
        Assert.Equal("/dev/null", new FileInfo(_folder["clip.mp4"]).LinkTarget);
    }

    [Theory]
    [InlineData("missing/clip.mp4", "there is no folder ")]
    [InlineData("missing/frames/", "there is no folder ")]
    [InlineData("file/", "is a file, and a folder of that name is wanted")]
    [InlineData("file/clip.mp4", " cannot be written: ")]
    [InlineData("circle.mp4", "form a circle")]
    [InlineData("lost.mp4", "there is no folder ")]
    [InlineData("old.mp4", "may only be read")]
    public void Require_OfAPlaceThatTakesNoClip_Refuses(string name, string expected)
    {
        File.WriteAllText(_folder["file"], "");
        File.WriteAllText(_folder["old.mp4"], "");
        File.SetAttributes(_folder["old.mp4"], FileAttributes.ReadOnly);
        File.CreateSymbolicLink(_folder["circle.mp4"], _folder["circle.mp4"]);
        File.CreateSymbolicLink(_folder["lost.mp4"], _folder["gone/clip.mp4"]);
        Assert.SkipWhen(
            name == "old.mp4" && !File.GetAttributes(_folder["old.mp4"]).HasFlag(FileAttributes.ReadOnly),
            "Its user may write every file."
        );

        AssertRefused(name, expected);
        File.SetAttributes(_folder["old.mp4"], FileAttributes.Normal);
    }

    [Theory]
    [InlineData("holiday.jpg", false)]
    [InlineData("12 notes.png", false)]
    [InlineData("0001.png", true)]
    [InlineData(".DS_Store", true)]
    public void Require_OfAFolderOfOtherThings_Refuses(string entry, bool isTaken)
    {
        Directory.CreateDirectory(_folder["frames"]);
        File.WriteAllText(_folder[$"frames/{entry}"], "");
        VideoWriter.Require(OutputTarget.Parse(_folder["frames"] + "/clip-%04d.png"));
        if (isTaken)
        {
            VideoWriter.Require(OutputTarget.Parse(_folder["frames"] + "/"));
            return;
        }

        AssertRefused("frames/", $"holds other things ({entry}), and the frames fill a folder");
    }

    [Fact]
    public void Require_OfTheRoot_Refuses()
    {
        var root = Path.GetPathRoot(_folder)!;

        var error = Assert.Throws<MediaException>(() => VideoWriter.Require(OutputTarget.Parse(root)));

        Assert.Contains($"{root} is the root of a disk", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Two bytes a letter in UTF-8, which is what file systems count.</summary>
    [Fact]
    public void TryParse_OfANameThatIsTooLong_Refuses()
    {
        Assert.False(OutputTarget.TryParse(_folder[new string('ü', 130) + ".mp4"], out _, out var error));

        Assert.Contains("is 264 bytes long, and file systems take 255: shorten it", error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("clip.mp4")]
    [InlineData("frames/")]
    [InlineData("frames-%04d.png")]
    [InlineData("a:b%d'\".gif")]
    public void Require_OfAGoodPlace_LeavesNothing(string name)
    {
        VideoWriter.Require(OutputTarget.Parse(_folder.Path + "/" + name));

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public async Task WriteAsync_ToALink_ReplacesWhatItLeadsTo()
    {
        Directory.CreateDirectory(_folder["clips"]);
        File.WriteAllText(_folder["clips/7.gif"], "old");
        File.CreateSymbolicLink(_folder["latest.gif"], "clips/7.gif");

        await using (
            var writer = VideoWriter.Create(
                Ffmpegs.Any,
                OutputTarget.Parse(_folder["latest.gif"]),
                new ClipFormat(16, 16, 1, 8),
                settings: null
            )
        )
        {
            await writer.WriteAsync(new byte[16 * 16 * 3], Token);
            await writer.CompleteAsync(Token);
        }

        Assert.Equal("clips/7.gif", new FileInfo(_folder["latest.gif"]).LinkTarget);
        Assert.StartsWith("GIF8", await File.ReadAllTextAsync(_folder["clips/7.gif"], Token), StringComparison.Ordinal);
        Assert.Single(Directory.EnumerateFileSystemEntries(_folder["clips"]));
    }

    [Fact]
    public void Create_WithAFolderWhereAPictureGoes_Refuses()
    {
        Directory.CreateDirectory(_folder["frames/0003.png"]);

        var error = Assert.Throws<MediaException>(() =>
            VideoWriter.Create(Ffmpegs.Any, OutputTarget.Parse(_folder["frames"] + "/"), new ClipFormat(16, 16, 5, 8), settings: null)
        );

        Assert.Contains("holds a folder 0003.png", error.Message, StringComparison.Ordinal);
    }

    private static void SkipUnlessSpecial(string path) => Assert.SkipWhen(SpecialFile.Describe(path) is null, $"{path} is a file here.");

    private void AssertRefused(string name, string expected)
    {
        var target = OutputTarget.Parse(_folder.Path + "/" + name);
        var error = Assert.Throws<MediaException>(() => VideoWriter.Require(target));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(target.Shown, error.Message, StringComparison.Ordinal);
    }
}
