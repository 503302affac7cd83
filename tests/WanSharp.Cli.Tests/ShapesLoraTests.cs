using System.Text.Json;
using WanSharp.Media.Images;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>The LoRAs that ship with Shapes, as a command line asks for them: by styles and a preset.</summary>
public sealed class ShapesLoraTests(MeasuredMachine machine) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_InInk_PaintsBlackOnPaperWhateverTheColour()
    {
        using var settings = await GenerateAsync("ink.png", "--style", "ink", "--seed", "1");

        var (brightness, reds) = await LookAsync("ink.png");

        Assert.Equal("ink.safetensors", Lora(settings));
        var (black, redsOfPlain) = await LookAsync(await PlainAsync());
        Assert.True(brightness > 100 + black, $"paper is bright, not {brightness} beside {black}");
        Assert.True(reds < redsOfPlain / 3, $"ink is black, but {reds} of the pixels are red, compared with {redsOfPlain}");
    }

    [Fact]
    public async Task Generate_Outlined_DrawsLessThanAFilledShape()
    {
        using var settings = await GenerateAsync("outlined.png", "--style", "线描", "--seed", "1");

        Assert.Equal("outlined.safetensors", Lora(settings));
        var (outlined, _) = await LookAsync("outlined.png");
        var (filled, _) = await LookAsync(await PlainAsync());
        Assert.True(outlined < filled, $"a line of the colour on black is darker than the shape: {outlined} and {filled}");
    }

    [Fact]
    public async Task Generate_WithTheShippedPreset_TakesFourStepsOfOnePass_AlsoWithAStyle()
    {
        using var plain = await GenerateAsync("few.png", "--preset", "shapes-4");
        using var styled = await GenerateAsync("styled.png", "--preset", "shapes-4", "--style", "ink");

        foreach (var settings in new[] { plain, styled })
        {
            var clip = settings.RootElement.GetProperty("settings");
            Assert.Equal(4, clip.GetProperty("steps").GetInt32());
            Assert.Equal(1, clip.GetProperty("guidance_scale").GetDouble());
            Assert.Equal("euler", clip.GetProperty("sampler").GetString());
        }

        Assert.Equal("distilled.safetensors", Lora(plain));
        Assert.Equal(
            ["distilled.safetensors", "ink.safetensors"],
            styled
                .RootElement.GetProperty("settings")
                .GetProperty("loras")
                .EnumerateArray()
                .Select(lora => lora.GetProperty("file").GetString())
        );
    }

    [Fact]
    public async Task Presets_OfShapes_AreReady()
    {
        var run = await RunAsync("presets", "--model", "shapes");

        Assert.Contains("ready: with distilled.safetensors", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--lora", "rcm-1.3b", "wan models pull rcm-1.3b")]
    [InlineData("--lora", "inc", "Did you mean ink?")]
    [InlineData("--preset", "rcm", "is for wan2.1-t2v-1.3b")]
    public async Task Generate_WithWhatIsNotThere_SaysWhereToGetIt(string option, string value, string expected) =>
        (await RunAsync("generate", "a red circle", option, value, "-o", _folder["clip.png"])).AssertFailedWith(null, expected);

    [Fact]
    public async Task Plan_WithMergedLoras_SaysHowMuchTheCacheKeeps()
    {
        machine.PlaceIn(_folder["cache"]);
        var run = await RunAsync("plan", "a red circle", "--lora", "ink", "--lora-mode", "merged");

        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        Assert.Contains("merged into a copy of the weights, of which the cache keeps", run.Out, StringComparison.Ordinal);
        var unmerged = await RunAsync("plan", "a red circle", "--lora", "ink");
        Assert.DoesNotContain("merged into a copy", unmerged.Out, StringComparison.Ordinal);
    }

    private static string? Lora(JsonDocument output) =>
        Assert.Single(output.RootElement.GetProperty("settings").GetProperty("loras").EnumerateArray()).GetProperty("file").GetString();

    private async Task<string> PlainAsync()
    {
        using var settings = await GenerateAsync("plain.png", "--seed", "1");
        Assert.False(settings.RootElement.GetProperty("settings").TryGetProperty("loras", out _));
        return "plain.png";
    }

    /// <summary>The mean of all pixels, and which share of them is red.</summary>
    private async Task<(double Brightness, double Reds)> LookAsync(string file)
    {
        var sheet = await ImageReader.ReadAsync(null, _folder[file], Token);
        var pixels = sheet.Pixels.Chunk(3).ToList();
        return (
            sheet.Pixels.Average(value => value),
            pixels.Average(pixel => pixel[0] > 100 && pixel[0] > 2 * Math.Max(pixel[1], pixel[2]) ? 1.0 : 0)
        );
    }

    private async Task<JsonDocument> GenerateAsync(string file, params string[] options)
    {
        string[] line = ["generate", "a red circle moving left on a black background", "-o", _folder[file], "--json", .. options];
        var run = await RunAsync(line);
        Assert.True(run.ExitCode == ExitCode.Done, run.Error);
        return JsonDocument.Parse(run.Out);
    }

    private Task<CommandLineRun> RunAsync(params string[] args) =>
        CommandLineRun.RunAsync(
            args,
            variables: new Dictionary<string, string>
            {
                ["WAN_CACHE"] = _folder["cache"],
                ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
            },
            cancellationToken: Token
        );
}
