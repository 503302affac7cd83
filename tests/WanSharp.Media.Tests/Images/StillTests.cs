using WanSharp.Media.Clips;
using WanSharp.Media.Ffmpeg;
using WanSharp.Media.Images;
using WanSharp.Testing;

namespace WanSharp.Media.Tests.Images;

/// <summary>A file of one frame is a picture and one of several is a clip, whatever the format.</summary>
public sealed class StillTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, int> Files() =>
        new()
        {
            { "png", 1 },
            { "jpg", 1 },
            { "still.webp", 1 },
            { "webp", 1 },
            { "webp", 3 },
            { "gif", 1 },
            { "gif", 3 },
            { "apng", 1 },
            { "apng", 3 },
        };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public async Task IsStillAsync_OfAnyFormat_IsWhatHasOneFrame(string format, int frames)
    {
        var path = await WriteAsync(format, frames);

        Assert.Equal(frames == 1, await ImageReader.IsStillAsync(path, Token));
    }

    [Fact]
    public async Task ReadAsync_OfAnAnimatedPng_GivesEachFrame()
    {
        var path = await WriteAsync("apng", 3);

        var shown = new List<byte>();
        await foreach (var frame in VideoReader.ReadAsync(Ffmpegs.Any, path, new ClipCut(0, null, 4, 9), Token))
        {
            shown.Add(frame.Pixels[0]);
        }

        Assert.Equal([0, 80, 160], shown);
    }

    /// <summary>Some tools write animations that do not say for how long a frame is shown.</summary>
    [Fact]
    public async Task ReadAsync_OfAWebpWithoutDurations_ShowsEachFrameForATenthOfASecond()
    {
        var path = await WriteAsync("webp", 3);
        var file = File.ReadAllBytes(path);
        for (var at = file.AsSpan().IndexOf("ANMF"u8); at >= 0; )
        {
            file.AsSpan(at + 8 + 12, 3).Clear();
            var next = file.AsSpan(at + 4).IndexOf("ANMF"u8);
            at = next < 0 ? next : at + 4 + next;
        }

        File.WriteAllBytes(path, file);

        var count = 0;
        await foreach (var frame in VideoReader.ReadAsync(null, path, new ClipCut(0, null, 10, 9), Token))
        {
            count++;
        }

        Assert.Equal(3, count);
    }

    private async Task<string> WriteAsync(string format, int frames)
    {
        var path = _folder[$"pose.{(format == "apng" ? "png" : format)}"];
        var shown = Enumerable.Range(0, frames).Select(i => Enumerable.Repeat((byte)(80 * i), 8 * 8 * 3).ToArray()).ToList();
        if (format is "webp" or "gif")
        {
            await using var writer = VideoWriter.Create(
                Ffmpegs.Any,
                OutputTarget.Parse(path),
                new ClipFormat(8, 8, frames, 4),
                settings: null
            );
            foreach (var frame in shown)
            {
                await writer.WriteAsync(frame, Token);
            }

            await writer.CompleteAsync(Token);
            return path;
        }

        string[] encoder = format switch
        {
            "still.webp" => ["-c:v", "libwebp", "-f", "webp"],
            "jpg" => ["-c:v", "mjpeg", "-f", "image2"],
            "png" => ["-c:v", "png", "-f", "image2"],
            _ => ["-c:v", "apng", "-f", "apng"],
        };
        string[] input = ["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", "8x8", "-framerate", "4", "-i", "pipe:0"];
        Assert.NotEmpty(Ffmpegs.Any);
        await using var process = FfmpegProcess.Start(Ffmpegs.Any, [.. input, .. encoder, path]);
        foreach (var frame in shown)
        {
            await process.Input.WriteAsync(frame, Token);
        }

        process.CloseInput();
        await process.FinishAsync("test input", Token);
        return path;
    }
}
