using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Media.Clips;

namespace WanSharp.Repository.Tests;

/// <summary>The README's example of the library, compiled. Its lines and those of the README are the same: a test sees to it.</summary>
internal static class ReadmeExample
{
    public static async Task RunAsync()
    {
        using var engine = EngineHost.Open(new WanHost(HostOptions.FromEnvironment()));

        var plan = engine.Generator.Plan(new GenerationRequest { Prompt = "a red circle moving left on a black background" });
        await using var writer = VideoWriter.Create("ffmpeg", OutputTarget.Parse("clip.mp4"), plan.Format, plan.Settings.ToJson());
        await engine.Generator.GenerateAsync(plan, writer);
        await writer.CompleteAsync();
    }
}
