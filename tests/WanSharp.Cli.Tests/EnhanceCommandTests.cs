using System.Security.Cryptography;
using System.Text.Json;
using WanSharp.Engine.Requests;
using WanSharp.Media.Clips;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary><c>wan enhance</c>, of a clip of a few frames.</summary>
public sealed class EnhanceCommandTests : BatchTests
{
    [Fact]
    public async Task Enhance_OfALosslessClip_GivesTheFramesThatGenerateMakesAtOnce()
    {
        UseQuickModel();
        Assert.NotEmpty(Ffmpegs.Any);
        var upscaler = Upscalers.Write(_folder["large.safetensors"], Upscalers.Compact(2));
        string[] clip = ["generate", "a circle", "--size", "32x32", "--frames", "5", "--steps", "1"];
        string[] more = ["--upscale", upscaler, "--upscale-height", "48", "--interpolate", "ffmpeg", "--fps", "20"];
        Assert.Equal(ExitCode.Done, (await RunAsync([.. clip, "-o", _folder["clip.mkv"]])).ExitCode);
        Assert.Equal(ExitCode.Done, (await RunAsync([.. clip, .. more, "-o", _folder["at-once.mkv"]])).ExitCode);

        var run = await RunAsync(["enhance", _folder["clip.mkv"], "-o", _folder["later.mkv"], .. more, "--json"]);

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        var made = JsonDocument.Parse(run.Out).RootElement;
        Assert.Equal((48, 48, 20), (Number("width"), Number("height"), Number("fps")));
        var frames = await FramesAsync("later.mkv");
        Assert.Equal(await FramesAsync("at-once.mkv"), frames);
        Assert.Equal(Number("frames"), frames.Count);

        // it says what a clip that was made at once says, and that it was not
        var (once, later) = (await SettingsAsync("at-once.mkv"), await SettingsAsync("later.mkv"));
        Assert.Equal((once with { Enhanced = true }).ToJson(), later.ToJson());
        Assert.Contains("a clip close to it", (await RunAsync("inspect", _folder["later.mkv"])).Out, StringComparison.Ordinal);

        int Number(string name) => made.GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task Enhance_OfAClipOfAnotherProgram_KeepsItsRate()
    {
        await WriteAsync("ntsc.mp4", new ClipFormat(32, 32, Frames: 6, Fps: 30000 / 1001.0));

        var run = await RunAsync("enhance", _folder["ntsc.mp4"], "--interpolate", "ffmpeg", "--json");

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        var made = JsonDocument.Parse(run.Out).RootElement;
        Assert.Equal(_folder["ntsc-enhanced.mp4"], made.GetProperty("path").GetString());
        Assert.Equal((11, 59.94), (made.GetProperty("frames").GetInt32(), made.GetProperty("fps").GetDouble()));
        Assert.Equal(11, (await FramesAsync("ntsc-enhanced.mp4")).Count);

        run = await RunAsync("enhance", _folder["ntsc.mp4"], "--interpolate", "ffmpeg"); // and never over another file
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.True(File.Exists(_folder["ntsc-enhanced-2.mp4"]));
    }

    [Fact]
    public async Task Enhance_OfNothingThatCanBeDone_SaysWhy()
    {
        await WriteAsync("clip.webp", new ClipFormat(32, 16, Frames: 3, Fps: 16));
        var clip = _folder["clip.webp"];

        await FailsAsync("Nothing is to become of the clip", "new.webp");
        await FailsAsync("name what makes them with --interpolate", "new.webp", "--fps", "30");
        await FailsAsync("for there are 16", "new.webp", "--interpolate", "ffmpeg", "--fps", "16");
        await FailsAsync("would be written over", "clip.webp", "--interpolate", "ffmpeg");
        File.CreateSymbolicLink(_folder["link.webp"], clip);
        await FailsAsync("would be written over", "link.webp", "--interpolate", "ffmpeg");

        async Task FailsAsync(string message, string output, params string[] options) =>
            (await RunAsync(["enhance", clip, "-o", _folder[output], .. options])).AssertFailed(ExitCode.WrongUsage, message);
    }

    private async Task WriteAsync(string name, ClipFormat format)
    {
        await using var writer = VideoWriter.Create(Ffmpegs.Any, OutputTarget.Parse(_folder[name]), format, settings: null);
        for (var i = 0; i < format.Frames; i++)
        {
            var frame = new byte[format.FrameBytes];
            Array.Fill(frame, (byte)(20 * i));
            await writer.WriteAsync(frame, Token);
        }

        await writer.CompleteAsync(Token);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private async Task<List<string>> FramesAsync(string name)
    {
        var frames = new List<string>();
        await foreach (var frame in VideoReader.ReadAsync(Ffmpegs.Any, _folder[name], Token))
        {
            frames.Add(Convert.ToHexString(SHA256.HashData(frame.Pixels)));
        }

        return frames;
    }

    private async Task<GenerationSettings> SettingsAsync(string name) =>
        GenerationSettings.FromJson((await RunAsync("inspect", _folder[name], "--json")).Out)!;
}
