using System.Text.Json;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>Which files a model is made of is said, and can be said.</summary>
public sealed class ModelOptionsTests(MeasuredMachine machine) : IAsyncLifetime
{
    private static readonly string[] Tiny = ["--size", "32x32", "--frames", "5", "--steps", "2", "--guidance", "1"];

    private readonly TemporaryFolder _folder = new();
    private readonly TinyNetworks _networks = new("wan2.2-t2v-a14b");

    private string High => _folder["models/unet/Wan-HighNoise.gguf"];

    private string Low => _folder["models/unet/Wan-LowNoise.gguf"];

    public async ValueTask InitializeAsync()
    {
        new ToolFolders(_networks, _folder["models"]).Gguf();
        machine.PlaceIn(_folder["cache"]);
    }

    public ValueTask DisposeAsync()
    {
        _networks.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Generate_OfFoundFiles_SaysThemAndKeepsTheirNamesInTheClip()
    {
        var run = await RunAsync(["generate", "a star", .. Tiny, "--model", High, "-o", _folder["clip.png"], "--json"]);
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.Contains("files: low noise unet/Wan-LowNoise.gguf, high noise unet/Wan-HighNoise.gguf", run.Error, StringComparison.Ordinal);

        using var settings = JsonDocument.Parse((await RunAsync("inspect", _folder["clip.png"], "--json")).Out);
        var files = settings.RootElement.GetProperty("model_files");
        Assert.Equal("Wan-LowNoise.gguf", files.GetProperty("low noise").GetString());
        Assert.Equal("vae.safetensors", files.GetProperty("VAE").GetString());
        Assert.Contains("high noise Wan-HighNoise.gguf", (await RunAsync("inspect", _folder["clip.png"])).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InspectModelsListAndPlan_SayWhatATransformerRunsWith()
    {
        var inspected = await RunAsync("inspect", High);
        Assert.Contains("with low noise unet/Wan-LowNoise.gguf, text encoder clip/umt5-xxl", inspected.Out, StringComparison.Ordinal);

        using var plan = JsonDocument.Parse((await RunAsync(["plan", "a star", .. Tiny, "--model", Low, "--json"])).Out);
        Assert.Equal(High, plan.RootElement.GetProperty("files").GetProperty("high noise").GetString());

        File.Move(Low, _folder["second.gguf"]);
        var list = await RunAsync("models", "list", _folder["models"]);
        Assert.Contains("cannot run yet", list.Out, StringComparison.Ordinal);
        using var json = JsonDocument.Parse((await RunAsync("models", "list", _folder["models"], "--json")).Out);
        var transformer = json.RootElement.EnumerateArray().Single(file => file.GetProperty("variant").ValueKind == JsonValueKind.String);
        Assert.Contains("--model-low", transformer.GetProperty("missing").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithExpertsAndPartsThatAreNamed_TakesThem()
    {
        File.Move(Low, _folder["second.gguf"]);
        Directory.CreateDirectory(_folder["elsewhere"]);
        File.Move(_folder["models/vae/vae.safetensors"], _folder["elsewhere/pixels.safetensors"]);
        string[] named = ["--model-low", _folder["second.gguf"], "--model-high", High, "--vae", _folder["elsewhere/pixels.safetensors"]];
        var alone = await RunAsync(["generate", "a star", .. Tiny, "--model", High, "-o", _folder["x.png"]]);
        alone.AssertFailed(ExitCode.Failed, "--model-low");
        string[] models = ["--model", _folder["models"], "-o", _folder["x.png"]];
        var withoutVae = await RunAsync(["generate", "a star", .. Tiny, .. named[..4], .. models]);
        withoutVae.AssertFailed(ExitCode.Failed, "--vae");

        foreach (var model in new[] { ["--model", _folder["models"]], Array.Empty<string>() })
        {
            // Without --model, the rest is looked for around the experts.
            var run = await RunAsync(["plan", "a star", .. Tiny, .. named, .. model, "--json"]);
            Assert.True(run.ExitCode == ExitCode.Done, run.Error);
            using var plan = JsonDocument.Parse(run.Out);
            Assert.Equal("wan2.2-t2v-a14b", plan.RootElement.GetProperty("model").GetString());
            Assert.Equal(_folder["second.gguf"], plan.RootElement.GetProperty("files").GetProperty("low noise").GetString());
            Assert.Equal(_folder["elsewhere/pixels.safetensors"], plan.RootElement.GetProperty("files").GetProperty("VAE").GetString());
        }
    }

    [Fact]
    public async Task Batch_KeepsThePartsThatAreNamed()
    {
        File.Move(Low, _folder["second.gguf"]);
        File.WriteAllText(_folder["prompts.txt"], "a star");
        string[] named = ["--model", _folder["models"], "--model-low", _folder["second.gguf"], "--model-high", High];
        string[] output = ["-o", _folder["out"], "--format", "png"];
        var run = await RunAsync(["batch", "--prompts", _folder["prompts.txt"], .. Tiny, .. named, .. output]);
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);

        var settings = File.ReadAllText(Assert.Single(Directory.GetFiles(_folder["out"], "batch.json", SearchOption.AllDirectories)));
        using var json = JsonDocument.Parse(settings);
        Assert.Equal(_folder["second.gguf"], json.RootElement.GetProperty("parts").GetProperty("low_noise").GetString());
        var resumed = await RunAsync("batch", "--resume", _folder["out"]);
        Assert.True(resumed.ExitCode == ExitCode.Done, resumed.Error);
        Assert.Contains("low noise second.gguf", resumed.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--vae", "y.safetensors")]
    [InlineData("--model", "wan2.2-t2v")]
    [InlineData("--precision", "int8")]
    [InlineData("--lora-mode", "merged")]
    [InlineData("--threads", "2")]
    public async Task Batch_OnComfyWithAnOptionOfOurEngine_IsWrongUsage(string option, string value)
    {
        File.WriteAllText(_folder["prompts.txt"], "a star");
        string[] comfy = ["--backend", "comfy:http://127.0.0.1:1", "--workflow", "x.json"];
        var run = await RunAsync(["batch", "--prompts", _folder["prompts.txt"], .. comfy, option, value]);
        run.AssertFailed(ExitCode.WrongUsage, $"{option} works with this program's own engine");
    }

    private Task<CommandLineRun> RunAsync(params string[] args) =>
        CommandLineRun.RunAsync(
            args,
            variables: new() { ["WAN_CACHE"] = _folder["cache"], ["PATH"] = Environment.GetEnvironmentVariable("PATH")! },
            cancellationToken: TestContext.Current.CancellationToken
        );
}
