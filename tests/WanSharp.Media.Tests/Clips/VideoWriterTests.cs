using System.Text.Encodings.Web;
using System.Text.Json;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Media.Metadata;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Clips;

public sealed class VideoWriterTests : IDisposable
{
    private const int Frames = 5;

    private static readonly ClipFormat Format = new(64, 48, Frames, 16);
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Clips()
    {
        var data = new TheoryData<string, string>();
        foreach (var ffmpeg in Ffmpegs.Both)
        {
            foreach (var name in new[] { "clip.mp4", "clip.webm", "clip.gif" })
            {
                data.Add(ffmpeg, name);
            }
        }

        return data;
    }

    public static TheoryData<string, string> Files()
    {
        var data = Clips();
        foreach (var ffmpeg in Ffmpegs.Both)
        {
            data.Add(ffmpeg, "sheet.png");
        }

        return data;
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("clip.mp4")]
    [InlineData("sheet.png")]
    public async Task CompleteAsync_WhenThePowerIsCutAtAnyMoment_LeavesAWholeFileOrNone(string file)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("What is written cannot be read there meanwhile.");
        }

        using var disk = new PowerCut(_folder.Path, () => new HashSet<string>());
        await WriteAsync(Ffmpegs.Any, file, settings: """{"seed":7}""");

        var found = disk.Disks.Select(state => state.Files.GetValueOrDefault(file)).OfType<byte[]>().ToList();
        Assert.NotEmpty(found);
        var whole = File.ReadAllBytes(_folder[file]);
        Assert.All(found, bytes => Assert.Equal(whole, bytes));
    }

    [Theory]
    [MemberData(nameof(Clips))]
    public async Task WriteAsync_ThenRead_GivesTheFramesBack(string name, string file)
    {
        const int CodecLoss = 12; // mean over a frame stays under 3; at edges 4:2:0 and palettes lose more
        var ffmpeg = Ffmpegs.Get(name);
        await WriteAsync(ffmpeg, file, settings: null);

        var number = 0;
        await foreach (var frame in VideoReader.ReadAsync(ffmpeg, _folder[file], Token))
        {
            Assert.Equal((Format.Width, Format.Height), (frame.Width, frame.Height));
            var expected = Frame(number++);
            Assert.InRange(frame.Pixels.Zip(expected, (left, right) => Math.Abs(left - right)).Average(), 0, 3);
            foreach (var pixel in FlatPixels)
            {
                Assert.InRange(frame.Pixels[pixel] - expected[pixel], -CodecLoss, CodecLoss);
            }
        }

        Assert.Equal(Frames, number);
        Assert.Equal([file], _folder.Entries);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Settings_AreReadBack(string name, string file)
    {
        var ffmpeg = Ffmpegs.Get(name);
        var prompt =
            // over 8 KB
            "红色圆形 \"quoted\" 'single' \\ back; a=b #c\nnew line\t🎬 %d $HOME " + string.Concat(Enumerable.Repeat("long prompt, ", 640));
        var settings = JsonSerializer.Serialize(new Dictionary<string, string> { ["prompt"] = prompt, ["seed"] = "42" }, Readable);
        await WriteAsync(ffmpeg, file, settings);
        Assert.Equal(settings, await MetadataReader.ReadAsync(ffmpeg, _folder[file], Token));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Settings_None_ReadsAsNull(string name, string file)
    {
        var ffmpeg = Ffmpegs.Get(name);
        await WriteAsync(ffmpeg, file, settings: null);
        Assert.Null(await MetadataReader.ReadAsync(ffmpeg, _folder[file], Token));
    }

    [Theory]
    [MemberData(nameof(Ffmpegs.Both), MemberType = typeof(Ffmpegs))]
    public async Task ContactSheet_HoldsAllFramesRowByRow(string name)
    {
        var ffmpeg = Ffmpegs.Get(name);
        await WriteAsync(ffmpeg, "sheet.png", "{}");
        var sheet = await ImageReader.ReadAsync(ffmpeg, _folder["sheet.png"], Token);
        Assert.Equal((2 * Format.Width, 3 * Format.Height), (sheet.Width, sheet.Height));
        for (var number = 0; number < Frames; number++)
        {
            var cell = new byte[Format.FrameBytes];
            for (var y = 0; y < Format.Height; y++)
            {
                var row = ((((number / 2 * Format.Height) + y) * sheet.Width) + (number % 2 * Format.Width)) * 3;
                sheet.Pixels.AsSpan(row, Format.Width * 3).CopyTo(cell.AsSpan(y * Format.Width * 3));
            }

            Assert.Equal(Frame(number), cell);
        }
    }

    [Theory]
    [InlineData("frames/", "0001.png")]
    [InlineData("new/frame 100%-%03d.png", "frame 100%-001.png")]
    [InlineData("%d.png", "1.png")]
    public async Task PngSequence_WritesAFileAFrame(string path, string first)
    {
        var ffmpeg = Ffmpegs.Any;
        await WriteAsync(ffmpeg, path, """{"seed":"1"}""");
        var folder = Path.GetDirectoryName(_folder[path])!;
        var files = Directory.GetFileSystemEntries(folder).Order().ToList();
        Assert.Equal(Frames, files.Count);
        Assert.Equal(first, Path.GetFileName(files[0]));
        for (var number = 0; number < Frames; number++)
        {
            Assert.Equal(Frame(number), (await ImageReader.ReadAsync(ffmpeg, files[number], Token)).Pixels);
            Assert.Equal("""{"seed":"1"}""", await MetadataReader.ReadAsync(ffmpeg, files[number], Token));
        }
    }

    [Fact]
    public async Task PngSequence_OverALongerOne_IsRefusedBeforeItBegins()
    {
        await WriteAsync(Ffmpegs.Any, "frames/", settings: null);
        await WriteAsync(Ffmpegs.Any, "frames/", settings: null); // as long: replaces it

        var shorter = Format with { Frames = Frames - 2 };
        var refusal = Assert.Throws<MediaException>(() => VideoWriter.Create(Ffmpegs.Any, Target("frames/"), shorter, settings: null));

        Assert.Contains("0004.png of a longer clip", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(Frames, Directory.GetFiles(_folder["frames"]).Length);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task WriteAsync_TheSameFrames_GivesTheSameFile(string name, string file)
    {
        var ffmpeg = Ffmpegs.Get(name);
        await WriteAsync(ffmpeg, file, "{}");
        var first = await File.ReadAllBytesAsync(_folder[file], Token);
        await WriteAsync(ffmpeg, file, "{}"); // and replaces the first
        Assert.Equal(first, await File.ReadAllBytesAsync(_folder[file], Token));
    }

    [Fact]
    public async Task Name_WithCharactersThatMeanSomethingToFfmpeg_IsTakenLiterally()
    {
        const string Name = "-a:b 100%d [x] 'y'.mp4";
        await WriteAsync(Ffmpegs.Any, Name, "{}");
        Assert.Equal([Name], _folder.Entries);
        Assert.Equal("{}", await MetadataReader.ReadAsync(Ffmpegs.Any, _folder[Name], Token));
    }

    [Fact]
    public async Task Dispose_BeforeTheEnd_LeavesTheOldFileAndNothingElse()
    {
        await File.WriteAllTextAsync(_folder["clip.mp4"], "old", Token);
        await using (var writer = Open(Ffmpegs.Any, "clip.mp4"))
        {
            await writer.WriteAsync(Frame(0), Token);
            await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CompleteAsync(Token));
        }

        Assert.Equal(["clip.mp4"], _folder.Entries);
        Assert.Equal("old", await File.ReadAllTextAsync(_folder["clip.mp4"], Token));
    }

    [Fact]
    public async Task WriteAsync_CancelledWhileFfmpegTakesNothing_EndsAndLeavesNothing()
    {
        var stuck = Script("exec sleep 600");
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await using (var writer = VideoWriter.Create(stuck, Target("clip.mp4"), new ClipFormat(640, 480, 2, 16), null))
        {
            var write = writer.WriteAsync(new byte[640 * 480 * 3], cancellation.Token); // more than a pipe holds
            Assert.False(write.IsCompleted);
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        }

        Assert.Equal(["ffmpeg"], _folder.Entries);
    }

    [Theory]
    [InlineData("exit 3", "ffmpeg ended with code 3")]
    [InlineData("echo 'clip: No space left on device' >&2; exit 1", "clip: No space left on device")]
    [InlineData(
        "head -c 100 > /dev/null; i=0; while [ $i -lt 9000 ]; do i=$((i+1)); echo \"[gif @ 0x55a0$i] complaint\" >&2; done; exit 1",
        "complaint"
    )]
    [InlineData("exec cat > /dev/null", "ffmpeg wrote nothing")]
    [InlineData("cat > /dev/null; touch clip", "ffmpeg wrote nothing")]
    public async Task WriteAsync_FfmpegFails_SaysWhyInOneLineAndLeavesNothing(string script, string reason)
    {
        var failing = Script(script);
        MediaException error;
        await using (var writer = VideoWriter.Create(failing, Target("clip.mp4"), new ClipFormat(640, 480, 2, 16), null))
        {
            error = await Assert.ThrowsAsync<MediaException>(async () =>
            {
                await writer.WriteAsync(new byte[640 * 480 * 3], Token);
                await writer.WriteAsync(new byte[640 * 480 * 3], Token);
                await writer.CompleteAsync(Token);
            });
        }

        Assert.Equal($"{_folder["clip.mp4"]} cannot be written: {reason}", error.Message);
        Assert.Equal(["ffmpeg"], _folder.Entries);
    }

    [Fact]
    public void Create_MissingFolder_SaysSo()
    {
        var error = Assert.Throws<MediaException>(() => Open(Ffmpegs.Any, "no/such/clip.mp4"));
        Assert.Equal(
            $"{_folder["no/such/clip.mp4"]} cannot be written: there is no folder {_folder["no/such"]}. Make it first.",
            error.Message
        );
        Assert.Throws<MediaException>(() => Open(Ffmpegs.Any, "no/such/frames/"));
    }

    [Fact]
    public void Create_ReadOnlyFolder_SaysSo()
    {
        const string ReadOnlyForAll = "/proc";
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs a folder that even root cannot write to.");
        Assert.True(OutputTarget.TryParse(ReadOnlyForAll + "/clip.mp4", out var target, out _));
        var error = Assert.Throws<MediaException>(() => VideoWriter.Create(Ffmpegs.Any, target, Format, null));
        Assert.StartsWith("/proc/clip.mp4 cannot be written: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_FfmpegThatIsNone_SaysSoAndLeavesNothing()
    {
        File.WriteAllText(_folder["ffmpeg"], "no program");
        Assert.Throws<MediaException>(() => Open(_folder["ffmpeg"], "clip.mp4"));
        Assert.Equal(["ffmpeg"], _folder.Entries);
    }

    [Theory]
    [InlineData(63, 48, 5, 16)]
    [InlineData(64, 0, 5, 16)]
    [InlineData(64, 48, 0, 16)]
    [InlineData(64, 48, 5, 0)]
    [InlineData(64, 48, 5, double.NaN)]
    [InlineData(32768, 48, 5, 16)]
    public void Create_FormatOutOfRange_Throws(int width, int height, int frames, double fps) =>
        Assert.Throws<ArgumentException>(() =>
            VideoWriter.Create(Ffmpegs.Any, Target("clip.mp4"), new ClipFormat(width, height, frames, fps), null)
        );

    [Fact]
    public async Task WriteAsync_WrongFrame_Throws()
    {
        await using var writer = Open(Ffmpegs.Any, "clip.gif");
        await Assert.ThrowsAsync<ArgumentException>(() => writer.WriteAsync(new byte[5], Token));
        for (var number = 0; number < Frames; number++)
        {
            await writer.WriteAsync(Frame(number), Token);
        }

        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.WriteAsync(Frame(0), Token));
        Assert.Throws<ArgumentException>(() =>
            VideoWriter.Create(Ffmpegs.Any, Target("a.gif"), Format, new string('x', VideoWriter.MaxSettingsLength + 1))
        );
    }

    /// <summary>Places far from any edge: in the moving square's middle for all frames, and on the ground.</summary>
    private static readonly int[] FlatPixels =
    [
        ((24 * 64) + 24) * 3,
        (((24 * 64) + 24) * 3) + 1,
        (((24 * 64) + 24) * 3) + 2,
        ((4 * 64) + 56) * 3,
        (((4 * 64) + 56) * 3) + 1,
    ];

    /// <summary>A red square of 24 pixels, moving right by 2 pixels a frame on navy.</summary>
    private static byte[] Frame(int number)
    {
        var pixels = new byte[Format.FrameBytes];
        for (var y = 0; y < Format.Height; y++)
        {
            for (var x = 0; x < Format.Width; x++)
            {
                var isSquare = Math.Abs(y - 24) < 12 && Math.Abs(x - 20 - (2 * number)) < 12;
                byte[] colour = isSquare ? [220, 30, 30] : [10, 20, 90];
                colour.CopyTo(pixels, ((y * Format.Width) + x) * 3);
            }
        }

        return pixels;
    }

    private OutputTarget Target(string path)
    {
        Assert.True(OutputTarget.TryParse(_folder[path], out var target, out var error), error);
        return target;
    }

    private VideoWriter Open(string ffmpeg, string path, string? settings = null) =>
        VideoWriter.Create(ffmpeg, Target(path), Format, settings);

    private async Task WriteAsync(string ffmpeg, string path, string? settings)
    {
        await using var writer = Open(ffmpeg, path, settings);
        for (var number = 0; number < Frames; number++)
        {
            await writer.WriteAsync(Frame(number), Token);
        }

        await writer.CompleteAsync(Token);
    }

    /// <summary>A program in ffmpeg's place, to see what happens when it misbehaves.</summary>
    private string Script(string body)
    {
        var path = _folder["ffmpeg"];
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("The misbehaving programs are shell scripts.");
        }
        else
        {
            File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}
