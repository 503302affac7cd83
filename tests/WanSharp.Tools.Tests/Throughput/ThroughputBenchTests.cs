using System.Diagnostics;
using System.Globalization;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Jobs;
using WanSharp.Testing;
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
                new EngineSettings
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

    [Fact]
    public async Task RunAsync_Cancelled_EndsTheProcess()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no shell.");
        using var folder = new TemporaryFolder();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var start = new ProcessStartInfo("/bin/sh", ["-c", "echo $$ > \"$0\" && mv \"$0\" \"$0.pid\" && exec sleep 60", folder["shell"]]);

        var running = ThroughputBench.RunAsync(start, "clip.mp4", stop.Token);
        while (!File.Exists(folder["shell.pid"]))
        {
            await Task.Delay(5, stop.Token);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        var id = int.Parse(
            await File.ReadAllTextAsync(folder["shell.pid"], TestContext.Current.CancellationToken),
            CultureInfo.InvariantCulture
        );
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(id));
    }
}
