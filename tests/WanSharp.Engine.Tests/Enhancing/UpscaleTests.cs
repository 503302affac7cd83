using WanSharp.Engine.Costs;
using WanSharp.Engine.Enhancing;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Tests.Costs;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Models.Enhancers;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Storage;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Enhancing;

/// <summary>Clips whose frames are enlarged.</summary>
[Collection("alone")]
public sealed class UpscaleTests : IDisposable
{
    private static readonly GenerationRequest Circle = new()
    {
        Prompt = "a red circle",
        Seed = 7,
        Steps = 1,
    };

    private readonly LiveObjects _live = new();
    private readonly TinyEngine _engine;
    private readonly TemporaryFolder _folder = new();
    private readonly VideoGenerator _generator;
    private readonly string _file;

    public UpscaleTests(TinyEngine engine)
    {
        _engine = engine;
        _file = Upscalers.Write(_folder["large.safetensors"], Upscalers.Compact(3));
        _generator = new(
            _engine.Model,
            _engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { DecoderFolders = [_folder["."]] }
        );
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _generator.Dispose();
        _folder.Dispose();
        _live.AssertNoneIsLeft();
    }

    [Fact]
    public async Task Generate_WithAnUpscaler_EnlargesEachFrameOfTheClip()
    {
        var (own, large) = (await GenerateAsync(Circle), await GenerateAsync(Circle with { Upscale = _file }));
        var size = _generator.Plan(Circle).Settings.DecodedSize;

        using var file = EnhancerFile.Open(_file, new FileDigests(folder: null));
        using var network = new UpscalerRunner(_engine.Runtime, file.Upscaler!, file.Weights);
        var upscaler = new FrameUpscaler(network, size, size.Enlarged(3, null), tiles: null);
        Assert.Equal(own.Select(frame => upscaler.Enlarge(frame, Token).Last()), large);
        Assert.Equal(large, await GenerateAsync(Circle with { Upscale = "large" })); // by name, from the folder
    }

    [Fact]
    public async Task Generate_WithAHeight_GivesFramesOfIt()
    {
        var plan = _generator.Plan(Circle with { Upscale = _file, Width = 32, Height = 16, UpscaleHeight = 40 });

        Assert.Equal((80, 40), (plan.Format.Width, plan.Format.Height));
        Assert.Equal((80, 40, 32, 16), (plan.Settings.OutputWidth, plan.Settings.OutputHeight, plan.Settings.Width, plan.Settings.Height));
        Assert.Equal(("large", 40), (plan.Settings.ToRequested().Upscale, plan.Settings.ToRequested().UpscaleHeight));
        Assert.Equal(plan.Settings.ToJson(), GenerationSettings.FromJson(plan.Settings.ToJson())!.ToJson());
        Assert.All(await GenerateAsync(plan), frame => Assert.Equal(80 * 40 * 3, frame.Length));
    }

    [Fact]
    public void Plan_WithAnUpscaler_HasAnIdentityOfItsOwnAndTheSameLatents()
    {
        var (own, large) = (_generator.Plan(Circle), _generator.Plan(Circle with { Upscale = _file }));
        var lower = _generator.Plan(Circle with { Upscale = _file, UpscaleHeight = 40 });
        var renamed = _folder["renamed.safetensors"];
        File.Copy(_file, renamed);

        Assert.Equal(3, new[] { own, large, lower }.Select(plan => plan.Identity).Distinct().Count());
        Assert.Single(new[] { own, large, lower }.Select(plan => plan.LatentIdentity).Distinct());
        Assert.Equal(large.Identity, _generator.Plan(Circle with { Upscale = renamed }).Identity);
        Assert.Equal(64, large.Settings.Upscale!.Sha256.Length);
        Assert.DoesNotContain(_folder["."], large.Settings.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_OfAFileThatWasReplacedMeanwhile_IsRefused()
    {
        var stale = _generator.Plan(Circle with { Upscale = _file });
        File.Delete(_file);
        Upscalers.Write(_file, Upscalers.Compact(2));
        File.SetLastWriteTimeUtc(_file, DateTime.UnixEpoch);

        await Assert.ThrowsAsync<ModelChangedException>(() => GenerateAsync(stale));
    }

    [Theory]
    [InlineData(3, 96, 64, 1, 1)]
    [InlineData(2, 101, 67, 2, 4)] // squares of pixels go beyond the frame; each pixel sees more than tiles share
    public void Enlarge_InTiles_GivesTheFrameOfTheWhole(int scale, int width, int height, int multiple, int most)
    {
        using var weights = new WeightStore(Upscalers.Weights(Config(scale, multiple)));
        using var network = new UpscalerRunner(_engine.Runtime, Config(scale, multiple), weights);
        var (from, frame) = (new ClipSize(width, height), new byte[3 * width * height]);
        new Random(5).NextBytes(frame);
        var (to, tiles) = (from.Enlarged(scale, null), new VaeTiling(48 / multiple, 48 / multiple, 16 / multiple));

        var whole = new FrameUpscaler(network, from, to, tiles: null).Enlarge(frame, Token).ToList();
        var tiled = new FrameUpscaler(network, from, to, tiles).Enlarge(frame, Token).ToList();

        Assert.Single(whole);
        Assert.Equal(3 * to.Width * to.Height, whole[^1]!.Length);
        Assert.Equal(tiles.Count((height + multiple - 1) / multiple, (width + multiple - 1) / multiple), tiled.Count);
        Assert.All(tiled[..^1], Assert.Null);
        Assert.All(whole[^1]!.Zip(tiled[^1]!), pair => Assert.InRange(pair.First - pair.Second, -most, most));
    }

    [Fact]
    public void Plan_OfWhatCannotBe_SaysWhatIsWrong()
    {
        Assert.Contains("no such file", Refusal("upscale", Circle with { Upscale = "realesrgan" }), StringComparison.Ordinal);
        Assert.Contains("wan enhance", Refusal("upscale", Circle with { Upscale = "x4.onnx" }), StringComparison.Ordinal);
        Assert.Contains("nothing enlarges them", Refusal("upscale-height", Circle with { UpscaleHeight = 64 }), StringComparison.Ordinal);
        var small = Circle with { Upscale = _file, Width = 32, Height = 16 };
        Assert.Contains("The nearest is 48", Refusal("upscale-height", small with { UpscaleHeight = 64 }), StringComparison.Ordinal);
        Assert.Contains("The nearest is 42", Refusal("upscale-height", small with { UpscaleHeight = 41 }), StringComparison.Ordinal);
        Assert.Contains("longer than 8192", Refusal("upscale", small with { Width = 2736 }), StringComparison.Ordinal);
        DecoderFiles.Write(_folder["tiny.safetensors"], TinyVaes.Of(4), DecoderFiles.OfTheTinyModel);
        Assert.Contains("enlarges frames", Refusal("upscale", Circle with { Upscale = "tiny" }), StringComparison.Ordinal);
    }

    [Fact]
    public void Count_OfAnUpscaler_IsAStageOfItsOwn()
    {
        var costs = new CostModel(_engine.Model, decoderFolders: [_folder["."]]);

        var (own, large) = (costs.Count(costs.Sketch(Circle)), costs.Count(costs.Sketch(Circle with { Upscale = "large" })));

        Assert.DoesNotContain(PlanStage.Enhance, own.Stages.Select(stage => stage.Stage));
        Assert.True(large.Stages.Single(stage => stage.Stage == PlanStage.Enhance).Work.Convolutions > 0);
        Assert.Contains("upscaler, packed weights", large.Memory.Select(part => part.Name));
    }

    [Fact]
    public void Alternatives_OfAHeightThatOnlyThisSizeHas_AreThoseThatCanBe()
    {
        var costs = new CostModel(_engine.Model, decoderFolders: [_folder["."]]);
        var request = Circle with { Upscale = "large", Width = 64, Height = 64, UpscaleHeight = 192, Frames = 9 };

        var alternatives = PlanAlternatives.Of(costs, _engine.Model, request, costs.Sketch(request), CostModelTests.Machine);

        Assert.DoesNotContain(alternatives, other => other.Options.StartsWith("--size", StringComparison.Ordinal));
        Assert.Contains(alternatives, other => other.Options.StartsWith("--frames", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(UpscalerKind.Rrdb, 64, 23, 832, 480)]
    [InlineData(UpscalerKind.Compact, 64, 32, 832, 480)]
    [InlineData(UpscalerKind.Compact, 64, 16, 1920, 1080)]
    public void Enlarge_OfALargeFrame_StaysWithinTwoGigabytes(UpscalerKind kind, int features, int blocks, int width, int height)
    {
        var config = new UpscalerConfig
        {
            Kind = kind,
            Scale = 4,
            Features = features,
            Blocks = blocks,
            Growth = 32,
        };
        var work = new UpscalerWork(config);
        var from = new ClipSize(width, height);

        foreach (var isTight in new[] { false, true })
        {
            var (step, held) = work.Memory(from, from.Enlarged(4, null), work.TilesFor(from, isTight));
            Assert.InRange(step + held, 1, 2_000_000_000);
        }
    }

    private static UpscalerConfig Config(int scale, int multiple) =>
        multiple == 1 ? Upscalers.Compact(scale) : Upscalers.Rrdb(scale) with { Blocks = 1 };

    private string Refusal(string field, GenerationRequest request)
    {
        var error = Assert.Throws<InvalidRequestException>(() => _generator.Plan(request));
        Assert.Equal(field, error.Field);
        return error.Message;
    }

    private Task<List<byte[]>> GenerateAsync(GenerationRequest request) => GenerateAsync(_generator.Plan(request));

    private async Task<List<byte[]>> GenerateAsync(GenerationPlan plan)
    {
        await using var frames = new FrameList();
        await _generator.GenerateAsync(plan, frames, new GenerationRunOptions(), Token);
        return frames.Frames;
    }
}
