using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Testing;
using WanSharp.Tools.Quality;

namespace WanSharp.Cli.Tests;

/// <summary>Windows with trained weights: one shot of Shapes, four times as long as its clips.</summary>
public sealed class ShapesWindowsTests
{
    private const int Frames = 65;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Latents 0, 4, 8 and 12 begin the windows, which are frames 0, 13, 29 and 45.</summary>
    [Theory]
    [InlineData("a white square that stands still on a black background", 13)]
    [InlineData("a white square that stands still on a black background", 17)] // where they no longer overlap
    [InlineData("a green triangle, motionless, gray background", 13)]
    public async Task Generate_InWindows_HasNoSeamThatIsWorseThanOtherPairs(string prompt, int first)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "models", "shapes");
        using var model = WanModel.Open(folder);
        using var runtime = OrtRuntime.Create(new RuntimeOptions { Threads = 2 });
        using var generator = new VideoGenerator(model, runtime, new SessionSettings());
        await using var frames = new FrameList();
        var plan = generator.Plan(
            new GenerationRequest
            {
                Prompt = prompt,
                Seed = 2,
                Frames = Frames,
                ContextFrames = 17,
                ContextOverlap = 4,
            }
        );
        await generator.GenerateAsync(plan, frames, new GenerationRunOptions(), Token);

        var drift = await FilmDrift.MeasureAsync(Pictures(frames.Frames), [first, 16, 16, Frames - first - 32], Token);

        Assert.Equal(4, plan.WindowCount);
        Assert.All(drift.Skip(1), section => Assert.True(section.JointSsim >= section.LeastOwnSsim, $"{section}"));
        Assert.All(drift, section => Assert.InRange(section.ColorDifference, 0, 3));
    }

    private static async IAsyncEnumerable<RgbImage> Pictures(List<byte[]> frames)
    {
        foreach (var frame in frames)
        {
            await Task.Yield();
            yield return new RgbImage(64, 64, frame);
        }
    }
}
