using System.Text.Json;
using WanSharp.Media.Clips;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary><c>wan compare</c> through the program.</summary>
public sealed class CompareCommandTests : IDisposable
{
    private const int Side = 32;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compare_OfTwoClips_SaysHowNearTheyAre()
    {
        var (one, other) = (await WriteAsync("one.webp", 0), await WriteAsync("other.webp", 10));

        var run = await RunAsync(["compare", one, other]);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains(" dB of the whole clip", run.Out, StringComparison.Ordinal);
        Assert.Contains("papers on step caches", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compare_OfTwoFolders_WritesAPageAndJson()
    {
        await WriteAsync("ours/a.webp", 0);
        await WriteAsync("ours/b.webp", 10);
        await WriteAsync("theirs/a.webp", 0);
        await WriteAsync("theirs/c.webp", 0);
        var page = _folder["page.html"];

        var run = await RunAsync(["compare", _folder["ours"], _folder["theirs"], "--report", page, "--json"]);

        Assert.True(run.ExitCode == 0, run.Error);
        using var json = JsonDocument.Parse(run.Out);
        var clip = Assert.Single(json.RootElement.GetProperty("clips").EnumerateArray());
        Assert.Equal("a", clip.GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Null, clip.GetProperty("psnr").ValueKind);
        Assert.Equal(1, clip.GetProperty("ssim").GetDouble(), 4);
        Assert.Equal(2, json.RootElement.GetProperty("alone").GetArrayLength());
        Assert.Contains("<h2>a</h2>", await File.ReadAllTextAsync(page, Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compare_WithAClipThatIsNotThere_SaysSo()
    {
        var run = await RunAsync(["compare", await WriteAsync("one.webp", 0), _folder["none.webp"]]);

        run.AssertFailedWith(1, "none.webp does not exist");
    }

    [Fact]
    public async Task Compare_WithLpipsOfAnotherFile_SaysWhatIsNeeded()
    {
        var (one, other) = (await WriteAsync("one.webp", 0), await WriteAsync("other.webp", 10));
        var vae = Path.Combine(AppContext.BaseDirectory, "models", "shapes", "vae.safetensors");

        var run = await RunAsync(["compare", one, other, "--lpips", vae]);

        run.AssertFailedWith(1, "torchvision's alexnet or vgg16");
    }

    private static Task<CommandLineRun> RunAsync(string[] args) => CommandLineRun.RunAsync(args, cancellationToken: Cancellation);

    private async Task<string> WriteAsync(string name, int brighter)
    {
        var path = _folder[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] frame = [.. Enumerable.Range(0, Side * Side * 3).Select(i => (byte)((i * 7 % 200) + brighter))];
        await using var writer = VideoWriter.Create(null, OutputTarget.Parse(path), new ClipFormat(Side, Side, 1, 8), settings: null);
        await writer.WriteAsync(frame, Cancellation);
        await writer.CompleteAsync(Cancellation);
        return path;
    }
}
