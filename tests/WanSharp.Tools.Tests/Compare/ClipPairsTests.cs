using WanSharp.Engine.Requests;
using WanSharp.Media;
using WanSharp.Media.Clips;
using WanSharp.Testing;
using WanSharp.Tools.Compare;

namespace WanSharp.Tools.Tests.Compare;

public sealed class ClipPairsTests
{
    private static readonly GenerationSettings Settings = new()
    {
        Version = "1.0.0",
        Model = "shapes",
        ModelDigest = "00",
        Prompt = "",
        NegativePrompt = "",
        Width = 16,
        Height = 16,
        Frames = 1,
        Fps = 8,
        Steps = 2,
        GuidanceScale = 1,
        Sampler = "unipc",
        Shift = 3,
        Seed = 0,
        Images = [],
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Find_InFoldersWithOtherNames_PairsBySettings()
    {
        using var folder = new TemporaryFolder();
        var (ours, theirs) = (folder["ours"], folder["theirs"]);
        await WriteAsync(ours, "0001-cat.webp", "a cat", seed: 1);
        await WriteAsync(ours, "0002-cat.webp", "a cat", seed: 2);
        await WriteAsync(theirs, "b.webp", "a cat", seed: 1);
        await WriteAsync(theirs, "a.webp", "a cat", seed: 2);
        await WriteAsync(theirs, "c.webp", "a dog", seed: 2);

        var found = await ClipPairs.FindAsync(ffmpeg: null, ours, theirs, Cancellation);

        Assert.Equal(
            [("0001-cat.webp", "b.webp"), ("0002-cat.webp", "a.webp")],
            found.Pairs.Select(pair => (Path.GetFileName(pair.Actual), Path.GetFileName(pair.Expected)))
        );
        Assert.Equal(["c.webp"], found.Alone.Select(Path.GetFileName));
    }

    [Fact]
    public async Task Find_OfClipsWithoutSettings_PairsByName()
    {
        using var folder = new TemporaryFolder();
        var (ours, theirs) = (folder["ours"], folder["theirs"]);
        await WriteAsync(ours, "night/x.webp", prompt: null);
        await WriteAsync(theirs, "night/x.webp", prompt: null);

        var found = await ClipPairs.FindAsync(ffmpeg: null, ours, theirs, Cancellation);

        Assert.Equal(Path.Combine("night", "x"), Assert.Single(found.Pairs).Name);
    }

    [Fact]
    public async Task Find_OfOneNameAndDifferentPrompts_PairsNothing()
    {
        using var folder = new TemporaryFolder();
        var (ours, theirs) = (folder["ours"], folder["theirs"]);
        await WriteAsync(ours, "1.webp", "a cat");
        await WriteAsync(theirs, "1.webp", "a dog");

        var failure = await Assert.ThrowsAsync<MediaException>(() => ClipPairs.FindAsync(ffmpeg: null, ours, theirs, Cancellation));

        Assert.Contains("neither their settings nor their names", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Find_OfAFolderAndAClip_IsRefused()
    {
        using var folder = new TemporaryFolder();
        await WriteAsync(folder.Path, "1.webp", "a cat");

        var failure = await Assert.ThrowsAsync<MediaException>(() =>
            ClipPairs.FindAsync(ffmpeg: null, folder.Path, folder["1.webp"], Cancellation)
        );

        Assert.Contains("two clips or two folders", failure.Message, StringComparison.Ordinal);
    }

    private static async Task WriteAsync(string folder, string name, string? prompt, ulong seed = 0)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var settings = prompt is null ? null : (Settings with { Prompt = prompt, Seed = seed }).ToJson();
        await using var writer = VideoWriter.Create(null, OutputTarget.Parse(path), new ClipFormat(16, 16, 1, 8), settings);
        await writer.WriteAsync(new byte[16 * 16 * 3], Cancellation);
        await writer.CompleteAsync(Cancellation);
    }
}
