using WanSharp.Media;
using WanSharp.Media.Images;
using WanSharp.Tools.Compare;

namespace WanSharp.Tools.Tests.Compare;

public sealed class ClipComparerTests
{
    private const int Side = 32;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Compare_OfAClipWithItself_FindsNoLoss()
    {
        var result = await CompareAsync(Clip(5), Clip(5));

        Assert.Equal(5, result.Frames.Count);
        Assert.Equal(1, result.Quality.Ssim, 4);
        Assert.Equal(1, result.Changes!.Value, 4);
        Assert.Equal(double.PositiveInfinity, result.Quality.Psnr);
        Assert.Equal((null, 5), (result.MeanPsnr, result.EqualFrames));
        Assert.Equal(result.OtherMotion, result.Motion);
        Assert.Null(result.MultiScale); // 32 pixels do not hold five scales
    }

    [Fact]
    public async Task Compare_OfAClipThatFlickers_SeesItInTheChanges()
    {
        var flickering = await CompareAsync(Clip(6, frame => frame % 2 * 12), Clip(6));
        var brighter = await CompareAsync(Clip(6, _ => 12), Clip(6));

        Assert.Equal(3, flickering.EqualFrames);
        Assert.Equal(brighter.MeanPsnr!.Value, flickering.MeanPsnr!.Value, 0.5); // of the frames that differ

        Assert.True(flickering.Changes < 0.8, $"flicker: {flickering.Changes}");
        Assert.True(brighter.Changes > 0.99, $"brighter all over: {brighter.Changes}");
    }

    [Fact]
    public async Task Compare_OfAClipInSlowMotion_SeesHowMuchLessMoves()
    {
        var result = await CompareAsync(Clip(6, speed: 1), Clip(6, speed: 2));

        Assert.True(result.Motion < 0.8 * result.OtherMotion, $"{result.Motion} against {result.OtherMotion}");
    }

    [Fact]
    public async Task Compare_OfClipsOfDifferentLength_NamesTheShorterAndTheWayOut()
    {
        var failure = await Assert.ThrowsAsync<MediaException>(() => CompareAsync(Clip(3), Clip(5)));

        Assert.Contains("ours ends after 3 frames", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--frames 3", failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, (await CompareAsync(Clip(3), Clip(5), most: 3)).Frames.Count);
    }

    [Fact]
    public async Task Compare_OfClipsOfDifferentSizes_NamesBoth()
    {
        var large = Frames(new RgbImage(Side * 2, Side, new byte[Side * 2 * Side * 3]));

        var failure = await Assert.ThrowsAsync<MediaException>(() => CompareAsync(Clip(1), large));

        Assert.Contains("32x32", failure.Message, StringComparison.Ordinal);
        Assert.Contains("64x32", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compare_OfTinyPictures_SaysWhatIsNeeded()
    {
        var tiny = new RgbImage(8, 8, new byte[8 * 8 * 3]);

        var failure = await Assert.ThrowsAsync<MediaException>(() => CompareAsync(Frames(tiny), Frames(tiny)));

        Assert.Contains("11 a side", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_OfAComparison_ShowsFramesAndCurves()
    {
        var strip = new FrameStrip();
        var place = 0;
        var result = await new ClipComparer().CompareAsync(
            ("ours", Clip(21)),
            ("theirs", Clip(21, _ => 6)),
            observe: (one, other, _) => strip.Add(place++, one, other),
            cancellationToken: Cancellation
        );

        var page = ComparisonPage.Write([new ComparedClips(new ClipPair("a <b>", "ours", "theirs"), result, 91.5, strip)], ["alone.mp4"]);

        Assert.Equal([0, 4, 8, 12, 16, 20], strip.Places);
        Assert.Contains("a &lt;b&gt;", page, StringComparison.Ordinal);
        Assert.Contains("data:image/webp;base64,", page, StringComparison.Ordinal);
        Assert.Contains("alone.mp4", page, StringComparison.Ordinal);
        Assert.Contains("<polyline", page, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
    }

    private static Task<ClipComparison> CompareAsync(
        IAsyncEnumerable<RgbImage> ours,
        IAsyncEnumerable<RgbImage> theirs,
        int? most = null
    ) => new ClipComparer().CompareAsync(("ours", ours), ("theirs", theirs), most, cancellationToken: Cancellation);

    /// <summary>A pattern that moves to the right, made brighter in each frame by so many levels.</summary>
    private static IAsyncEnumerable<RgbImage> Clip(int frames, Func<int, int>? brighter = null, int speed = 2) =>
        Frames([
            .. Enumerable
                .Range(0, frames)
                .Select(frame => new RgbImage(
                    Side,
                    Side,
                    [
                        .. Enumerable
                            .Range(0, Side * Side * 3)
                            .Select(i =>
                                (byte)(
                                    100
                                    + (80 * Math.Sin(((i / 3 % Side) - (frame * speed)) / 3.0) * Math.Cos(i / 3 / Side / 4.0))
                                    + (brighter?.Invoke(frame) ?? 0)
                                )
                            ),
                    ]
                )),
        ]);

    private static async IAsyncEnumerable<RgbImage> Frames(params RgbImage[] frames)
    {
        foreach (var frame in frames)
        {
            await Task.Yield();
            yield return frame;
        }
    }
}
