using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>The tiny decoder that ships with Shapes, on the command line.</summary>
public sealed class DecoderCommandTests : IDisposable
{
    private const string Prompt = "a red circle moving left on a black background";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_ByTheShippedDecoder_NamesItAndWritesAPreview()
    {
        var (clip, preview) = (_folder["clip.webp"], _folder["preview.png"]);

        var made = await RunAsync("generate", Prompt, "--steps", "2", "--decoder", "taeshapes", "--preview", preview, "-o", clip);

        Assert.True(made.ExitCode == 0, made.Error);
        Assert.True(File.Exists(clip) && File.Exists(preview));
        var inspected = await RunAsync("inspect", clip);
        Assert.Contains("--decoder taeshapes", inspected.Out, StringComparison.Ordinal);
        Assert.Contains("decoder file", inspected.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithThePreviewInATerminalThatIsNone_SaysSoAndMakesTheClip()
    {
        var made = await RunAsync("generate", Prompt, "--steps", "1", "--preview", "terminal", "-o", _folder["clip.webp"]);

        Assert.Equal(0, made.ExitCode);
        Assert.Contains("preview: standard error is not a terminal", made.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', made.Error);
    }

    [Theory]
    [InlineData("no such file", "--decoder", "taew3")]
    [InlineData("wan models pull taew2_1", "--decoder", "taew2_1")]
    [InlineData("--encoder", "--encoder", "taeshapes", "--image", "IMAGE")]
    [InlineData("is the clip itself", "--preview", "CLIP")]
    [InlineData("names no format", "--preview", "preview.doc")]
    public async Task Generate_WithAWrongFile_SaysInOneLineWhy(string says, params string[] options)
    {
        string[] given = [.. options.Select(option => option.Replace("CLIP", _folder["clip.webp"], StringComparison.Ordinal))];
        given =
        [
            .. given.Select(option =>
                option.Replace("IMAGE", Path.Combine(AppContext.BaseDirectory, "models", "shapes", "sheet.png"), StringComparison.Ordinal)
            ),
        ];

        var run = await RunAsync(["generate", Prompt, .. given, "-o", _folder["clip.webp"]]);

        run.AssertFailedWith(null, says);
        Assert.False(File.Exists(_folder["clip.webp"]));
    }

    [Fact]
    public async Task Inspect_TheShippedDecoder_SaysWhatItIs()
    {
        var run = await RunAsync("inspect", Path.Combine(AppContext.BaseDirectory, "models", "shapes", "taeshapes.safetensors"));

        Assert.Contains(
            "tiny autoencoder (TAEHV), decoder alone, 16 latent channels at 1/8 of the size",
            run.Out,
            StringComparison.Ordinal
        );
    }

    private static Task<CommandLineRun> RunAsync(params string[] args) =>
        CommandLineRun.RunAsync(args, cancellationToken: TestContext.Current.CancellationToken);
}
