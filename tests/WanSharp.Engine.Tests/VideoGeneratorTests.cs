using WanSharp.Engine.Requests;
using WanSharp.Media.Images;
using WanSharp.Runtime;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests;

[Collection("alone")]
public sealed class VideoGeneratorTests(TinyEngine engine) : IDisposable
{
    private readonly LiveObjects _live = new();
    private static readonly GenerationRequest Circle = new() { Prompt = "a red circle", Seed = 7 };

    private readonly VideoGenerator _generator = new(engine.Model, engine.Runtime, new SessionSettings());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Generate_OfTheSameSeed_GivesTheSameFrames()
    {
        var first = await GenerateAsync(Circle);

        Assert.Equal(9, first.Count);
        Assert.All(first, frame => Assert.Equal(32 * 16 * 3, frame.Length));
        Assert.Equal(first, await GenerateAsync(Circle));
        Assert.NotEqual(first, await GenerateAsync(Circle with { Seed = 8 }));
        Assert.NotEqual(first, await GenerateAsync(Circle with { Prompt = "a blue star" }));
    }

    [Fact]
    public async Task Generate_TwiceAtATime_GivesWhatEachAloneGives()
    {
        var other = Circle with { Seed = 8, Frames = 5 };
        var (first, second) = (await GenerateAsync(Circle), await GenerateAsync(other));

        var both = await Task.WhenAll(GenerateAsync(Circle), GenerateAsync(other));

        Assert.Equal(first, both[0]);
        Assert.Equal(second, both[1]);
    }

    [Fact]
    public async Task Generate_WithAnImage_BeginsWithItsLatents()
    {
        var image = new RgbImage(32, 16, [.. Enumerable.Range(0, 32 * 16 * 3).Select(i => (byte)(i * 7))]);
        var given = Circle with { Images = [new ConditioningImage(image)] };

        var frames = await GenerateAsync(given);

        // The first frame depends on the first latent frame alone, which is given: not on the seed.
        Assert.Equal(frames[0], (await GenerateAsync(given with { Seed = 8 }))[0]);
        Assert.NotEqual(frames[0], (await GenerateAsync(Circle))[0]);
    }

    [Fact]
    public async Task Generate_ReportsEveryStageInOrder()
    {
        var reports = new List<GenerationProgress>();
        await GenerateAsync(Circle, new Listener(reports.Add));

        Assert.Equal(
            [
                GenerationStage.Load,
                GenerationStage.Encode,
                GenerationStage.Encode,
                .. Enumerable.Repeat(GenerationStage.Denoise, 4),
                .. Enumerable.Repeat(GenerationStage.Decode, 9),
            ],
            reports.Select(report => report.Stage)
        );
        Assert.Equal([0, 1, 2, 3], reports.Where(report => report.Stage == GenerationStage.Denoise).Select(report => report.Done));
    }

    [Theory]
    [InlineData(GenerationStage.Load, 0)]
    [InlineData(GenerationStage.Encode, 0)]
    [InlineData(GenerationStage.Denoise, 0)]
    [InlineData(GenerationStage.Denoise, 2)]
    [InlineData(GenerationStage.Decode, 5)]
    public async Task Generate_Cancelled_StopsWithinTheStep(GenerationStage stage, int done)
    {
        using var stop = new CancellationTokenSource();
        var reports = new List<GenerationProgress>();
        var listener = new Listener(report =>
        {
            reports.Add(report);
            if (report.Stage == stage && report.Done == done)
            {
                stop.Cancel();
            }
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => GenerateAsync(Circle, listener, stop.Token));

        Assert.Equal((stage, done), (reports[^1].Stage, reports[^1].Done)); // nothing began after it
        Assert.Equal(9, (await GenerateAsync(Circle)).Count); // and the generator can go on
    }

    [Fact]
    public async Task Dispose_Twice_DoesNothingMore()
    {
        await GenerateAsync(Circle);

        _generator.Dispose();
        _generator.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => GenerateAsync(Circle));
    }

    public void Dispose()
    {
        _generator.Dispose();
        _live.AssertNoneIsLeft();
    }

    private async Task<List<byte[]>> GenerateAsync(
        GenerationRequest request,
        IProgress<GenerationProgress>? progress = null,
        CancellationToken? cancellationToken = null
    )
    {
        await using var frames = new FrameList();
        await _generator.GenerateAsync(_generator.Plan(request), frames, progress, cancellationToken ?? Token);
        return frames.Frames;
    }
}
