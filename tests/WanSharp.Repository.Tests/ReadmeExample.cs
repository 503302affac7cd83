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
        var host = new WanHost(HostOptions.FromEnvironment());
        using var engine = EngineHost.Open(host);

        var plan = engine.Generator.Plan(new GenerationRequest { Prompt = "a red circle moving left on a black background" });
        var target = OutputTarget.Parse("clip.webp");
        await using var writer = VideoWriter.Create(host.FindFfmpeg(), target, plan.Format, plan.Settings.ToJson());
        await engine.Generator.GenerateAsync(plan, writer);
        await writer.CompleteAsync();
    }
}
