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

    /// <summary>Where nothing moves, pairs are alike to 0.99, and one is the least by chance. Seams of other noise: 0.8.</summary>
    private const double Chance = 0.001;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("a white square that stands still on a black background")]
    [InlineData("a green triangle, motionless, gray background")]
    public async Task Generate_InWindows_HasNoSeamThatIsWorseThanOtherPairs(string prompt)
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

        Assert.Equal(5, plan.WindowCount);
        foreach (var first in new[] { 13, 17 }) // where the second window of the first step begins, and where the first one ends
        {
            var drift = await FilmDrift.MeasureAsync(Pictures(frames.Frames), [first, 16, 16, Frames - first - 32], Token);
            Assert.All(drift.Skip(1), section => Assert.True(section.JointSsim >= section.LeastOwnSsim - Chance, $"{section}"));
            Assert.All(drift, section => Assert.InRange(section.ColorDifference, 0, 3));
        }
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
