using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Media.Clips;
using WanSharp.Models;
using WanSharp.Runtime;

namespace WanSharp.Repository.Tests;

/// <summary>The README's example of the library, compiled. Its lines and those of the README are the same: a test sees to it.</summary>
internal static class ReadmeExample
{
    public static async Task RunAsync()
    {
        using var model = WanModel.Open("models/shapes");
        using var runtime = OrtRuntime.Create();
        using var generator = new VideoGenerator(model, runtime, new SessionSettings());

        var plan = generator.Plan(new GenerationRequest { Prompt = "a red circle moving left on a black background" });
        await using var writer = VideoWriter.Create("ffmpeg", OutputTarget.Parse("clip.mp4"), plan.Format, plan.Settings.ToJson());
        await generator.GenerateAsync(plan, writer);
        await writer.CompleteAsync();
    }
}
