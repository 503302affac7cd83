using WanSharp.Media.Clips;
using WanSharp.Media.Ffmpeg;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Clips;

/// <summary>Parts of clips at other frame rates. Frame n of the clip is n/8 s after its beginning, and as bright as 10 n + 5.</summary>
public sealed class ClipCutTests : IDisposable
{
    private const int Side = 16;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("clip.mkv")]
    [InlineData("clip.webp")]
    public async Task Read_APartAtAnotherRate_GivesTheFrameThatIsShownAtEachMoment(string name)
    {
        await WriteAsync(name);

        Assert.Equal([4, 6, 8, 10], await FramesAsync(name, new ClipCut(0.5, 1.5, Fps: 4, MostFrames: 100)));
        Assert.Equal(Enumerable.Range(0, 16), await FramesAsync(name, new ClipCut(0, null, Fps: 8, MostFrames: 100)));
        Assert.Equal([12, 12, 13, 13, 14, 14, 15, 15], await FramesAsync(name, new ClipCut(1.5, null, Fps: 16, MostFrames: 100)));
        Assert.Equal([0, 2, 5, 8, 10, 13], await FramesAsync(name, new ClipCut(0, null, Fps: 3, MostFrames: 100)));
    }

    [Theory]
    [InlineData("clip.mkv")]
    [InlineData("clip.webp")]
    public async Task Read_NothingOrTooMuch_SaysSo(string name)
    {
        await WriteAsync(name);

        var nothing = await Assert.ThrowsAsync<MediaException>(() => FramesAsync(name, new ClipCut(5, null, Fps: 8, MostFrames: 100)));
        Assert.Contains("has no frame from 5 s on", nothing.Message, StringComparison.Ordinal);
        var tooMuch = await Assert.ThrowsAsync<MediaException>(() => FramesAsync(name, new ClipCut(0, null, Fps: 8, MostFrames: 15)));
        Assert.Contains("more than the 15 frames", tooMuch.Message, StringComparison.Ordinal);
    }

    /// <summary>What phones record as HDR would be washed out, and is refused with the way to make it SDR.</summary>
    [Theory]
    [InlineData("smpte2084", "(PQ)")]
    [InlineData("arib-std-b67", "(HLG)")]
    [InlineData("bt709", null)]
    public async Task Read_HighDynamicRange_SaysHowToMakeItSdr(string transfer, string? expected)
    {
        Assert.NotEmpty(Ffmpegs.Any);
        string[] source = ["-f", "lavfi", "-i", "color=gray:size=16x16:rate=8:duration=1"];
        string[] colours = ["-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc"];
        string[] tags = ["-metadata", $"comment={new string('x', 5000)}"]; // which must not hide it
        await using (
            var process = FfmpegProcess.Start(Ffmpegs.Any, [.. source, "-c:v", "libx264", .. colours, .. tags, _folder["clip.mp4"]])
        )
        {
            await process.FinishAsync("test input", Token);
        }

        var read = () => FramesAsync("clip.mp4", new ClipCut(0, null, Fps: 8, MostFrames: 100));
        if (expected is null)
        {
            Assert.Equal(8, (await read()).Count);
        }
        else
        {
            Assert.Contains(expected, (await Assert.ThrowsAsync<MediaException>(read)).Message, StringComparison.Ordinal);
        }
    }

    /// <summary>What was written lossless is read back to the bit.</summary>
    [Fact]
    public async Task Write_Lossless_IsReadBackToTheBit()
    {
        var frame = new byte[Side * Side * 3];
        new Random(7).NextBytes(frame);
        await using (
            var writer = VideoWriter.Create(
                Ffmpegs.Any,
                OutputTarget.Parse(_folder["a.mkv"]),
                new ClipFormat(Side, Side, 1, 8),
                "{\"a\":1}",
                [new ClipChapter("one = #1; \\", 0)]
            )
        )
        {
            await writer.WriteAsync(frame, Token);
            await writer.CompleteAsync(Token);
        }

        await foreach (var read in VideoReader.ReadAsync(Ffmpegs.Any, _folder["a.mkv"], Token))
        {
            Assert.Equal(frame, read.Pixels);
        }
    }

    private async Task WriteAsync(string name)
    {
        var format = new ClipFormat(Side, Side, Frames: 16, Fps: 8);
        await using var writer = VideoWriter.Create(Ffmpegs.Any, OutputTarget.Parse(_folder[name]), format, settings: null);
        for (var i = 0; i < format.Frames; i++)
        {
            var frame = new byte[format.FrameBytes];
            Array.Fill(frame, (byte)((10 * i) + 5));
            await writer.WriteAsync(frame, Token);
        }

        await writer.CompleteAsync(Token);
    }

    private async Task<List<int>> FramesAsync(string name, ClipCut cut)
    {
        var frames = new List<int>();
        await foreach (var frame in VideoReader.ReadAsync(Ffmpegs.Any, _folder[name], cut, Token))
        {
            frames.Add((int)Math.Round((frame.Pixels[0] - 5) / 10.0));
        }

        return frames;
    }
}
