using WanSharp.Engine.Costs;
using WanSharp.Engine.Enhancing;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Graphs.Networks;
using WanSharp.Media.Clips;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Enhancing;

/// <summary>Clips with frames between those of the model.</summary>
[Collection("alone")]
public sealed class InterpolationTests : IDisposable
{
    private static readonly GenerationRequest Circle = new()
    {
        Prompt = "a red circle",
        Seed = 7,
        Steps = 1,
        Frames = 5,
    };

    private readonly LiveObjects _live = new();
    private readonly TinyEngine _engine;
    private readonly TemporaryFolder _folder = new();
    private readonly VideoGenerator _generator;
    private readonly string _file;

    public InterpolationTests(TinyEngine engine)
    {
        _engine = engine;
        _file = Interpolators.Write(_folder["rife.safetensors"], Interpolators.Rife46);
        _generator = new(
            _engine.Model,
            _engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { DecoderFolders = [_folder["."]] }
        );
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private int ModelFps => _engine.Model.Defaults.Fps;

    public void Dispose()
    {
        _generator.Dispose();
        _folder.Dispose();
        _live.AssertNoneIsLeft();
    }

    [Fact]
    public async Task Generate_WithAnInterpolator_KeepsTheModelsFramesAndMakesTheOthers()
    {
        var own = await GenerateAsync(_generator.Plan(Circle));
        var plan = _generator.Plan(Circle with { Interpolate = _file, Fps = 3 * ModelFps });
        var more = await GenerateAsync(plan);

        Assert.Equal((13, 3 * ModelFps), (plan.Format.Frames, plan.Format.Fps));
        Assert.Equal((5, 13, ModelFps), (plan.Settings.Frames, plan.Settings.OutputFrames, plan.Settings.Interpolate!.FromFps));
        Assert.Equal(13, more.Count);
        Assert.Equal(own, more.Where((_, i) => i % 3 == 0));
        Assert.All(more.Where((_, i) => i % 3 != 0), frame => Assert.DoesNotContain(frame, own));
        Assert.Equal(more, await GenerateAsync(_generator.Plan(Circle with { Interpolate = "rife", Fps = 3 * ModelFps })));
    }

    [Fact]
    public async Task Generate_WithAnUpscalerToo_EnlargesAllFrames()
    {
        Upscalers.Write(_folder["large.safetensors"], Upscalers.Compact(2));
        var plan = _generator.Plan(Circle with { Interpolate = "rife", Upscale = "large", Width = 32, Height = 16 });

        var frames = await GenerateAsync(plan);

        Assert.Equal((64, 32, 9, 2 * ModelFps), (plan.Format.Width, plan.Format.Height, plan.Format.Frames, plan.Format.Fps));
        Assert.Equal(9, frames.Count);
        Assert.All(frames, frame => Assert.Equal(64 * 32 * 3, frame.Length));
    }

    [Fact]
    public void Plan_WithAnInterpolator_CanBeAskedForAgain()
    {
        var (own, more) = (_generator.Plan(Circle), _generator.Plan(Circle with { Interpolate = _file }));

        var again = more.Settings.ToRequested();

        Assert.Equal(("rife", 5, 2 * ModelFps), (again.Interpolate, again.Frames, again.Fps));
        Assert.Equal(more.Settings.ToJson(), GenerationSettings.FromJson(more.Settings.ToJson())!.ToJson());
        Assert.Equal(64, more.Settings.Interpolate!.Sha256.Length);
        Assert.NotEqual(own.Identity, more.Identity);
        Assert.DoesNotContain(_folder["."], more.Settings.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_OfSeconds_MakesTheModelsFramesForThem()
    {
        var plan = _generator.Plan(Circle with { Frames = null, Seconds = 1, Interpolate = _file, Fps = 4 * ModelFps });

        Assert.Equal(_generator.Plan(Circle with { Frames = null, Seconds = 1 }).Settings.Frames, plan.Settings.Frames);
        Assert.Equal((4 * (plan.Settings.Frames - 1)) + 1, plan.Format.Frames);
    }

    [Fact]
    public void Plan_OfWhatCannotBe_SaysWhatIsWrong()
    {
        Assert.Contains("no such file", Refusal("interpolate", Circle with { Interpolate = "rife99" }), StringComparison.Ordinal);
        Assert.Contains(
            "need no interpolation",
            Refusal("fps", Circle with { Interpolate = _file, Fps = ModelFps }),
            StringComparison.Ordinal
        );
        Assert.Contains("ffmpeg is not there", Refusal("interpolate", Circle with { Interpolate = "ffmpeg" }), StringComparison.Ordinal);
        Assert.Contains("--interpolate", Refusal("upscale", Circle with { Upscale = _file }), StringComparison.Ordinal);
        var large = Upscalers.Write(_folder["large.safetensors"], Upscalers.Compact());
        Assert.Contains("--upscale", Refusal("interpolate", Circle with { Interpolate = large }), StringComparison.Ordinal);
    }

    [Fact]
    public void Count_OfAnInterpolator_IsPartOfTheStage()
    {
        var costs = new CostModel(_engine.Model, decoderFolders: [_folder["."]]);

        var work = costs.Count(costs.Sketch(Circle with { Interpolate = "rife" }));

        Assert.True(work.Stages.Single(stage => stage.Stage == PlanStage.Enhance).Work.Convolutions > 0);
        Assert.Contains("interpolator, packed weights", work.Memory.Select(part => part.Name));
    }

    [Theory]
    [InlineData(2, 1, 4)] // twice the rate: 5 frames of the model, 4 made between them
    [InlineData(3, 2, 4)] // 7 frames, of which 3 are the model's
    [InlineData(5, 4, 4)] // 6 frames, of which only the first and the last are
    public void Count_OfAnInterpolator_CountsTheFramesThatItMakes(int to, int from, int made)
    {
        var costs = new CostModel(_engine.Model, decoderFolders: [_folder["."]]);
        var work = new InterpolatorWork(Interpolators.Rife46);
        var plan = costs.Sketch(Circle with { Interpolate = "rife", Fps = ModelFps * to / from });

        var counted = costs.Count(plan).Stages.Single(stage => stage.Stage == PlanStage.Enhance).Work;

        Assert.Equal(work.Make(plan.Settings.DecodedSize, made).Operations, counted.Operations);
    }

    [Theory]
    [InlineData(InterpolatorHead.None, false)]
    [InlineData(InterpolatorHead.TwoLayers, false)]
    [InlineData(InterpolatorHead.Sequence, false)]
    [InlineData(InterpolatorHead.Named, false)]
    [InlineData(InterpolatorHead.Named, true)]
    public void Between_OfEachVersion_GivesAFrame(InterpolatorHead head, bool passes)
    {
        var config = Interpolators.Of(head, passes);
        using var weights = new WeightStore(Interpolators.Weights(config));
        using var network = new InterpolatorRunner(_engine.Runtime, config, weights);
        using var interpolator = new FrameInterpolator(network, new ClipSize(40, 24), new FrameTimes(1, 2));
        var (first, second) = (new byte[40 * 24 * 3], new byte[40 * 24 * 3]);
        new Random(1).NextBytes(first);
        new Random(2).NextBytes(second);

        Assert.Equal([first], interpolator.Next(first, Token).ToList());
        var frames = interpolator.Next(second, Token).ToList();

        Assert.Equal(2, frames.Count);
        Assert.Equal(second, frames[1]);
        Assert.All(frames, frame => Assert.Equal(first.Length, frame.Length));
    }

    [Fact]
    public async Task Apply_OfFfmpeg_GivesExactlyTheFramesThatAreWanted()
    {
        var ffmpeg = Ffmpegs.Any;
        var given = Enumerable.Range(0, 9).Select(i => Square(at: 4 * i)).ToList();
        var times = new FrameTimes(16, 40);

        var frames = await MotionFrames.ApplyAsync(ffmpeg, new ClipFormat(96, 64, 9, 16), 40, times, Each(given), Token).ToListAsync(Token);

        Assert.Equal(21, frames.Count);
        Assert.Equal(given.Where((_, i) => i % 2 == 0), frames.Where((_, i) => i % 5 == 0));
        for (var i = 1; i < 16; i++) // a square that moves evenly is where it should be, to a pixel and a half
        {
            Assert.InRange(MiddleOf(frames[i]) - MiddleOf(frames[0]), (1.6 * i) - 1.5, (1.6 * i) + 1.5);
        }
    }

    [Fact]
    public async Task Apply_OfFfmpeg_PassesOnWhatFails()
    {
        var ffmpeg = Ffmpegs.Any;

        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await MotionFrames
                .ApplyAsync(ffmpeg, new ClipFormat(96, 64, 9, 16), 32, new FrameTimes(16, 32), Failing(), Token)
                .ToListAsync(Token)
        );

        static async IAsyncEnumerable<byte[]> Failing()
        {
            yield return Square(at: 0);
            await Task.Yield();
            throw new InvalidOperationException();
        }
    }

    private static async IAsyncEnumerable<byte[]> Each(IEnumerable<byte[]> frames)
    {
        foreach (var frame in frames)
        {
            await Task.Yield();
            yield return frame;
        }
    }

    /// <summary>A bright square of 16 pixels on a dark ground with some texture.</summary>
    private static byte[] Square(int at)
    {
        var frame = new byte[96 * 64 * 3];
        for (var y = 0; y < 64; y++)
        {
            for (var x = 0; x < 96; x++)
            {
                var isInside = x >= at + 8 && x < at + 24 && y is >= 24 and < 40;
                frame.AsSpan(((y * 96) + x) * 3, 3).Fill(isInside ? (byte)(200 + (3 * (y % 8)) + ((x - at) % 8 * 3)) : (byte)20);
            }
        }

        return frame;
    }

    /// <summary>The mean column of what is bright.</summary>
    private static double MiddleOf(byte[] frame)
    {
        var (sum, weight) = (0.0, 0.0);
        for (var i = 0; i < 96 * 64; i++)
        {
            var light = Math.Max(0, frame[3 * i] - 60);
            (sum, weight) = (sum + (light * (i % 96)), weight + light);
        }

        return sum / weight;
    }

    private string Refusal(string field, GenerationRequest request)
    {
        var error = Assert.Throws<InvalidRequestException>(() => _generator.Plan(request));
        Assert.Equal(field, error.Field);
        return error.Message;
    }

    private async Task<List<byte[]>> GenerateAsync(GenerationPlan plan)
    {
        await using var frames = new FrameList();
        await _generator.GenerateAsync(plan, frames, new GenerationRunOptions(), Token);
        return frames.Frames;
    }
}
