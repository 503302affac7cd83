using WanSharp.Engine.Requests;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs;
using WanSharp.Tools.Throughput;

namespace WanSharp.Tools.Tests.Throughput;

public class ThroughputBenchTests
{
    [Fact]
    public void Arguments_OfAJob_AskForAllItsSettings()
    {
        var request = new JobRequest
        {
            Prompt = "a cat",
            NegativePrompt = "-dogs",
            Width = 64,
            Height = 32,
            Seconds = 1.5,
            Fps = 8,
            Seed = ulong.MaxValue,
        };

        var arguments = ThroughputBench
            .Arguments(
                new BackendSettings
                {
                    Model = "shapes",
                    Provider = "cpu",
                    Threads = 2,
                },
                request,
                "clip.mp4"
            )
            .ToList();

        Assert.Equal(["generate", "a cat", "--model", "shapes", "--provider", "cpu", "-o", "clip.mp4"], arguments[..8]);
        Assert.Equal(
            ["--negative=-dogs", "--size", "64x32", "--seconds", "1.5", "--fps", "8", "--seed", $"{ulong.MaxValue}", "--threads", "2"],
            arguments[8..]
        );
        Assert.All(
            SettingFields.CommandLine(request),
            setting => Assert.Contains(arguments, one => one.StartsWith(setting.Option, StringComparison.Ordinal))
        );
    }
}
