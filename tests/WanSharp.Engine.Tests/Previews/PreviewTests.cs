using WanSharp.Engine.Previews;
using WanSharp.Engine.Requests;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Previews;

[Collection("alone")]
public sealed class PreviewTests(TinyEngine engine) : IDisposable
{
    private readonly LiveObjects _live = new();
    private static readonly GenerationRequest Circle = new() { Prompt = "a red circle", Seed = 7 };

    private readonly VideoGenerator _generator = new(engine.Model, engine.Runtime, new SessionSettings());
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _generator.Dispose();
        _folder.Dispose();
        _live.AssertNoneIsLeft();
    }

    [Fact]
    public async Task Generate_WithAPreview_ShowsStepsAndTheLastOneAndMakesTheSameClip()
    {
        var shown = new List<PreviewFrames>();

        var with = await GenerateAsync(Circle, (frames, _) => Keep(shown, frames));

        Assert.Equal(await GenerateAsync(Circle, show: null), with);
        Assert.Equal(4, shown[^1].Step);
        Assert.Equal(shown.Select(frames => frames.Step).Order().Distinct(), shown.Select(frames => frames.Step));
        Assert.All(shown, frames => Assert.Equal((4, 4, 2, 3), (frames.Steps, frames.Width, frames.Height, frames.Frames.Count)));
        Assert.All(shown.SelectMany(frames => frames.Frames), frame => Assert.Equal(4 * 2 * 3, frame.Length));
        Assert.Equal(2, shown[0].Fps); // a frame for four of the clip's 8 a second
    }

    [Fact]
    public async Task Generate_WhoseShowIsSlow_GoesOnAndShowsTheLastStep()
    {
        var (shown, gate) = (new List<int>(), new TaskCompletionSource());
        var clip = GenerateAsync(
            Circle with
            {
                Steps = 6,
            },
            async (frames, _) =>
            {
                shown.Add(frames.Step);
                if (shown.Count == 1)
                {
                    await gate.Task;
                }
            },
            new Listener(report =>
            {
                if (report is { Stage: GenerationStage.Denoise, Done: 5 })
                {
                    gate.SetResult(); // five steps were taken while the first was shown
                }
            })
        );

        await clip;

        Assert.Equal([1, 6], shown);
    }

    [Fact]
    public async Task Generate_ByATinyDecoder_PreviewsInTheClipsSize()
    {
        var shown = new List<PreviewFrames>();
        var tiny = DecoderFiles.Write(_folder["tiny.safetensors"], TinyVaes.Of(4), DecoderFiles.OfTheTinyModel);

        var clip = await GenerateAsync(Circle with { Decoder = tiny, Sampler = "euler" }, (frames, _) => Keep(shown, frames));

        Assert.Equal((32, 16, 8d), (shown[^1].Width, shown[^1].Height, shown[^1].Fps));
        var last = shown[^1].Frames; // the last step of Euler leads to its estimate
        Assert.Equal(clip.Count, last.Count);
        Assert.All(
            clip.SelectMany(frame => frame).Zip(last.SelectMany(frame => frame)),
            pair => Assert.InRange(pair.First - pair.Second, -1, 1)
        );
    }

    [Fact]
    public async Task Generate_WhoseShowFails_Fails()
    {
        var error = await Assert.ThrowsAsync<IOException>(() => GenerateAsync(Circle, (_, _) => throw new IOException("no paper")));

        Assert.Equal("no paper", error.Message);
    }

    [Fact]
    public void Of_Latents_IsTheLinearMap()
    {
        using var latents = Tensor.CopyOf<float>([1, 2, 1, 1, 2], [1, 0, 0, 0.5f]);
        var colors = new LatentColors([0.5f, 0, -0.5f, 1, 1, 1], [0, 0.25f, 0]);

        var pictures = LatentPictures.Of(colors, latents);

        // (0.5, 0.25, -0.5) and (0.5, 0.75, 0.5), from -1..1 to 0..255
        Assert.Equal([191, 159, 63, 191, 223, 191], pictures.Frames.Single());
    }

    [Fact]
    public void Published_OfWansVaes_AreThereAndOfOthersNot()
    {
        Assert.Equal(16 * 3, LatentColors.Published(VaeConfig.Wan21)!.Factors.Count);
        Assert.Equal(48 * 3, LatentColors.Published(VaeConfig.Wan22)!.Factors.Count);
        Assert.Null(LatentColors.Published(engine.Model.Vae));
    }

    private static ValueTask Keep(List<PreviewFrames> shown, PreviewFrames frames)
    {
        shown.Add(frames);
        return ValueTask.CompletedTask;
    }

    private async Task<List<byte[]>> GenerateAsync(
        GenerationRequest request,
        Func<PreviewFrames, CancellationToken, ValueTask>? show,
        IProgress<GenerationProgress>? progress = null
    )
    {
        await using var frames = new FrameList();
        var options = new GenerationRunOptions { Preview = show, Progress = progress };
        await _generator.GenerateAsync(_generator.Plan(request), frames, options, Token);
        return frames.Frames;
    }
}
