using System.Text.Json;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Media.Metadata;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Clips;

/// <summary>What is written and read where there is no ffmpeg.</summary>
public sealed class WithoutFfmpegTests : IDisposable
{
    private const int Frames = 5;

    private static readonly ClipFormat Format = new(66, 34, Frames, 16);

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WebP_WrittenThenRead_GivesTheFramesBack()
    {
        const double CodecLoss = 3; // mean of a frame
        await WriteAsync("clip.webp", Format, settings: null);

        var number = 0;
        await foreach (var frame in VideoReader.ReadAsync(ffmpeg: null, _folder["clip.webp"], Token))
        {
            Assert.Equal((Format.Width, Format.Height), (frame.Width, frame.Height));
            Assert.InRange(frame.Pixels.Zip(Frame(Format, ++number), (left, right) => Math.Abs(left - right)).Average(), 0, CodecLoss);
        }

        Assert.Equal(Frames, number);
        Assert.Equal(["clip.webp"], _folder.Entries);
        Assert.True(ClipStructure.IsWhole(_folder["clip.webp"]));
        Assert.Equal(Format.Width, (await ImageReader.ReadAsync(ffmpeg: null, _folder["clip.webp"], Token)).Width);
    }

    /// <summary>The structure that RFC 9649 asks for; of a rate that is not a whole number of milliseconds, no time is lost.</summary>
    [Theory]
    [InlineData(16, 16)]
    [InlineData(24, 1)]
    [InlineData(29.97, 30)]
    [InlineData(0.5, 2)]
    public async Task WebP_IsAnAnimationThatLoops(double fps, int frames)
    {
        await WriteAsync("clip.webp", Format with { Fps = fps, Frames = frames }, "{}");

        var chunks = Chunks(await File.ReadAllBytesAsync(_folder["clip.webp"], Token));
        Assert.Equal(["VP8X", "ANIM", .. Enumerable.Repeat("ANMF", frames), "XMP "], chunks.Select(chunk => chunk.Name));
        Assert.Equal([0x06, 0, 0, 0, 65, 0, 0, 33, 0, 0], chunks[0].Data);
        Assert.Equal([0, 0], chunks[1].Data[4..]); // for ever
        var duration = chunks
            .Where(chunk => chunk.Name == "ANMF")
            .Sum(chunk => chunk.Data[12] | (chunk.Data[13] << 8) | (chunk.Data[14] << 16));
        Assert.Equal(Math.Round(frames * 1000 / fps), duration);
    }

    [Theory]
    [InlineData("clip.webp")]
    [InlineData("sheet.png")]
    public async Task Settings_AreReadBack(string file)
    {
        var settings = JsonSerializer.Serialize(
            new Dictionary<string, string>
            {
                ["prompt"] = "红色圆形 \"quoted\" <b>&amp; 'single' \\ ]]> \r\n tiff:Orientation=\"6\" 🎬\u0001\uFFFF",
                ["long"] = string.Concat(Enumerable.Repeat("long prompt, ", 640)),
            }
        );
        await WriteAsync(file, Format, settings);
        Assert.Equal(settings, await MetadataReader.ReadAsync(ffmpeg: null, _folder[file], Token));
        Assert.Equal(
            file == "clip.webp" ? Format.Width : 2 * Format.Width,
            (await ImageReader.ReadAsync(null, _folder[file], Token)).Width
        );
    }

    [Fact]
    public async Task Settings_WithCharactersThatXmlHasNot_MeanTheSame()
    {
        const string Settings = "{\"prompt\":\"a \uFFFF b\uD800\",\"tab\":1}";
        await WriteAsync("clip.webp", Format, Settings);

        var read = await MetadataReader.ReadAsync(ffmpeg: null, _folder["clip.webp"], Token);

        Assert.Equal("{\"prompt\":\"a \\uffff b\\ud800\",\"tab\":1}", read);
    }

    [Theory]
    [InlineData("clip.webp")]
    [InlineData("sheet.png")]
    [InlineData("frames/")]
    public async Task WriteAsync_TheSameFrames_GivesTheSameFiles(string output)
    {
        await WriteAsync(output, Format, "{}");
        var first = Read();
        await WriteAsync(output, Format, "{}");

        Assert.Equal(first, Read());

        IEnumerable<byte[]> Read() =>
            [.. Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Order().Select(File.ReadAllBytes)];
    }

    [Fact]
    public async Task Dispose_BeforeTheEnd_LeavesNothing()
    {
        foreach (var output in new[] { "clip.webp", "sheet.png", "frames/" })
        {
            await using var writer = Open(output, Format, "{}");
            await writer.WriteAsync(Frame(Format, 1), Token);
        }

        Assert.Empty(_folder.Entries);
    }

    [Theory]
    [InlineData("clip.mp4")]
    [InlineData("clip.webm")]
    [InlineData("clip.gif")]
    public async Task Mp4_WebM_Gif_SayWhatToDo(string file)
    {
        var writing = Assert.Throws<MediaException>(() => Open(file, Format, settings: null));
        Assert.Equal(
            $"{_folder[file]} is written by ffmpeg, which was not found: install it (https://ffmpeg.org, or `wan providers "
                + "install ffmpeg`), or set WAN_FFMPEG to its path.",
            writing.Message
        );
        Assert.Empty(_folder.Entries);
        await Assert.ThrowsAsync<MediaException>(() => EncoderCheck.RequireAsync(ffmpeg: null, OutputTarget.Parse(file).Kind, Token));

        await File.WriteAllBytesAsync(_folder[file], [.. "something"u8], Token);
        if (!file.EndsWith(".gif", StringComparison.Ordinal))
        {
            var reading = await Assert.ThrowsAsync<MediaException>(() => MetadataReader.ReadAsync(ffmpeg: null, _folder[file], Token));
            Assert.StartsWith($"{_folder[file]} is read by ffmpeg, which was not found", reading.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("a/clip.mp4", "clip.webp")]
    [InlineData("v1.2 final.GIF", "v1.2 final.webp")]
    [InlineData("clip.webp", "clip.webp")]
    [InlineData("sheet.png", "sheet.png")]
    [InlineData("frame-%03d.png", "frame-%03d.png")]
    public void TargetFor_ReplacesWhatOnlyFfmpegWrites(string asked, string written)
    {
        var target = OutputTarget.Parse(_folder[asked]);

        Assert.Equal(written, WithoutFfmpeg.TargetFor(ffmpeg: null, target).Name);
        Assert.Equal(target.Folder, WithoutFfmpeg.TargetFor(ffmpeg: null, target).Folder);
        Assert.Equal(target, WithoutFfmpeg.TargetFor("/usr/bin/ffmpeg", target));
    }

    [Theory]
    [InlineData("clip.webp")]
    [InlineData("sheet.png")]
    public async Task Thumbnail_IsAJpegOfItsWidth(string file)
    {
        await WriteAsync(file, Format, settings: null);

        await File.WriteAllBytesAsync(_folder["small.jpg"], await ThumbnailReader.ReadAsync(ffmpeg: null, _folder[file], 32, Token), Token);

        var small = await ImageReader.ReadAsync(ffmpeg: null, _folder["small.jpg"], Token);
        Assert.Equal(32, small.Width);
        Assert.InRange(small.Height, 16, 25);
    }

    [Fact]
    public async Task WebP_DamagedAnywhere_GivesTheSettingsOrNoneOrAClearError()
    {
        const string Settings = """{"prompt":"a red circle","seed":"42"}""";
        await WriteAsync("clip.webp", new ClipFormat(16, 16, 1, 16), Settings);
        var whole = await File.ReadAllBytesAsync(_folder["clip.webp"], Token);
        for (var at = 12; at < whole.Length; at++)
        {
            AssertHarmless(whole[..at]);
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= (byte)(1 << (at % 8));
            AssertHarmless(damaged);
        }

        static void AssertHarmless(byte[] bytes)
        {
            try
            {
                Assert.InRange(WebpFile.ReadSettings(new MemoryStream(bytes))?.Length ?? 0, 0, Settings.Length);
            }
            catch (IOException)
            {
                // Cut short: what MetadataReader puts into words.
            }
        }
    }

    private static List<(string Name, byte[] Data)> Chunks(byte[] webp)
    {
        Assert.Equal(webp.Length - 8, BitConverter.ToInt32(webp, 4));
        var chunks = new List<(string, byte[])>();
        for (var at = 12; at < webp.Length; )
        {
            var length = BitConverter.ToInt32(webp, at + 4);
            chunks.Add((System.Text.Encoding.ASCII.GetString(webp, at, 4), webp[(at + 8)..(at + 8 + length)]));
            at += 8 + length + (length % 2);
        }

        return chunks;
    }

    /// <summary>A red square that moves right on navy.</summary>
    private static byte[] Frame(ClipFormat format, int number)
    {
        var pixels = new byte[format.FrameBytes];
        for (var y = 0; y < format.Height; y++)
        {
            for (var x = 0; x < format.Width; x++)
            {
                byte[] colour = Math.Abs(y - 16) < 8 && Math.Abs(x - 16 - (2 * number)) < 8 ? [220, 30, 30] : [10, 20, 90];
                colour.CopyTo(pixels, ((y * format.Width) + x) * 3);
            }
        }

        return pixels;
    }

    private VideoWriter Open(string path, ClipFormat format, string? settings) =>
        VideoWriter.Create(ffmpeg: null, OutputTarget.Parse(_folder[path]), format, settings);

    private async Task WriteAsync(string path, ClipFormat format, string? settings)
    {
        await using var writer = Open(path, format, settings);
        var frame = new byte[format.FrameBytes];
        for (var number = 1; number <= format.Frames; number++)
        {
            Frame(format, number).CopyTo(frame, 0);
            await writer.WriteAsync(frame, Token);
            Array.Clear(frame); // the caller's again
        }

        await writer.CompleteAsync(Token);
    }
}
