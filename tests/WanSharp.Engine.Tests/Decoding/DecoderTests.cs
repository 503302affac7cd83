using WanSharp.Engine.Costs;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Requests;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Decoding;

/// <summary>Clips whose frames something else than the model's own VAE decodes or encodes.</summary>
[Collection("alone")]
public sealed class DecoderTests : IDisposable
{
    private readonly LiveObjects _live = new();
    private static readonly GenerationRequest Circle = new() { Prompt = "a red circle", Seed = 7 };

    private readonly TinyEngine _engine;
    private readonly TemporaryFolder _folder = new();
    private readonly VideoGenerator _generator;
    private readonly string _tiny;

    public DecoderTests(TinyEngine engine)
    {
        _engine = engine;
        _tiny = DecoderFiles.Write(_folder["tiny.safetensors"], TinyVaes.Of(4), DecoderFiles.OfTheTinyModel);
        _generator = New();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _generator.Dispose();
        _folder.Dispose();
        _live.AssertNoneIsLeft();
    }

    [Fact]
    public async Task Generate_ByATinyDecoder_GivesItsFrames()
    {
        var (own, tiny) = (await GenerateAsync(Circle), await GenerateAsync(Circle with { Decoder = _tiny }));

        Assert.Equal(own.Count, tiny.Count);
        Assert.All(tiny, frame => Assert.Equal(own[0].Length, frame.Length));
        Assert.NotEqual(own, tiny);
        Assert.Equal(tiny, await GenerateAsync(Circle with { Decoder = "tiny" })); // by name, from the folder
    }

    [Fact]
    public async Task Generate_ByADecoderForTwiceTheSize_IsOfThatSizeEverywhere()
    {
        using var networks = new TinyNetworks("wan2.1-t2v-1.3b");
        new ToolFolders(networks, _folder["model"]).Official();
        using var model = WanModel.Open(_folder["model"]);
        using var generator = new VideoGenerator(model, _engine.Runtime, new SessionSettings());
        var doubled = DecoderFiles.Write(_folder["doubled.safetensors"], model.Vae with { Dim = 4, FrameScale = 2 });
        var plan = generator.Plan(Circle with { Decoder = doubled, Width = 32, Height = 16, Frames = 5, Steps = 1 });

        Assert.Equal((32, 16), (plan.Settings.Width, plan.Settings.Height));
        Assert.Equal((64, 32), (plan.Format.Width, plan.Format.Height));
        Assert.Equal((64, 32), (plan.Settings.OutputWidth, plan.Settings.OutputHeight));
        Assert.Equal((32, "doubled"), (plan.Settings.ToRequested().Width, plan.Settings.ToRequested().Decoder));
        Assert.Equal(plan.Settings.ToJson(), GenerationSettings.FromJson(plan.Settings.ToJson())!.ToJson());
        await using var frames = new FrameList();
        await generator.GenerateAsync(plan, frames, new GenerationRunOptions(), Token);
        Assert.All(frames.Frames, frame => Assert.Equal(64 * 32 * 3, frame.Length));
    }

    [Fact]
    public async Task Generate_OfTwoClipsWithTheirOwnDecoders_GivesWhatEachAloneGives()
    {
        var other = DecoderFiles.Write(_folder["other.safetensors"], TinyVaes.Of(4), DecoderFiles.OfTheTinyModel, seed: 2);
        GenerationRequest[] requests = [Circle, Circle with { Decoder = _tiny }, Circle with { Decoder = other }];
        var alone = new List<List<byte[]>>();
        foreach (var request in requests)
        {
            alone.Add(await GenerateAsync(request));
        }

        var together = await Task.WhenAll(requests.Select(request => GenerateAsync(request)));

        Assert.NotEqual(alone[1], alone[2]);
        Assert.Equal(alone, together);
    }

    [Fact]
    public void Plan_WithADecoder_HasAnIdentityOfItsOwnAndTheSameLatents()
    {
        var (own, tiny) = (_generator.Plan(Circle), _generator.Plan(Circle with { Decoder = _tiny }));
        var renamed = _folder["renamed.safetensors"];
        File.Copy(_tiny, renamed);

        Assert.NotEqual(own.Identity, tiny.Identity);
        Assert.Equal(own.LatentIdentity, tiny.LatentIdentity);
        Assert.Equal(tiny.Identity, _generator.Plan(Circle with { Decoder = renamed }).Identity);
        Assert.Equal(("tiny", 1), (tiny.Settings.Decoder!.Name, tiny.Settings.Decoder.Scale));
        Assert.Equal(64, tiny.Settings.Decoder.Sha256.Length);
        Assert.DoesNotContain(_folder["."], tiny.Settings.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_OfADecoderThatWasReplaced_TakesTheNewOne()
    {
        var first = await GenerateAsync(Circle with { Decoder = _tiny });
        var stale = _generator.Plan(Circle with { Decoder = _tiny });
        File.Delete(_tiny);
        DecoderFiles.Write(_tiny, TinyVaes.Of(4), DecoderFiles.OfTheTinyModel, seed: 9);
        File.SetLastWriteTimeUtc(_tiny, DateTime.UnixEpoch);

        Assert.NotEqual(first, await GenerateAsync(Circle with { Decoder = _tiny }));
        await using var frames = new FrameList();
        await Assert.ThrowsAsync<ModelChangedException>(() => _generator.GenerateAsync(stale, frames, new GenerationRunOptions(), Token));
    }

    [Fact]
    public async Task Generate_ByAnEncoderForImages_ChangesTheLatentsAndTheirKeys()
    {
        var image = new RgbImage(32, 16, [.. Enumerable.Range(0, 32 * 16 * 3).Select(i => (byte)(i * 7))]);
        var given = Circle with { Images = [new ConditioningImage(image)] };

        var (own, tiny) = (_generator.Plan(given), _generator.Plan(given with { Encoder = _tiny }));

        Assert.NotEqual(own.LatentIdentity, tiny.LatentIdentity);
        Assert.Null(_generator.Plan(Circle with { Encoder = _tiny }).Settings.Encoder); // there is nothing to encode
        Assert.NotEqual(await GenerateAsync(given), await GenerateAsync(given with { Encoder = _tiny }));
        var alone = DecoderFiles.Write(_folder["alone.safetensors"], TinyVaes.Of(4, hasEncoder: false), DecoderFiles.OfTheTinyModel);
        var error = Assert.Throws<InvalidRequestException>(() => _generator.Plan(given with { Encoder = alone }));
        Assert.Equal("encoder", error.Field);
        Assert.Contains("only a decoder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_InTiles_OfATinyDecoder_GivesTheClipOfWholeFramesButForSeams()
    {
        using var tiled = New(VaeTileChoice.Of(48, 48));
        var request = Circle with { Decoder = _tiny, Width = 96, Height = 96, Steps = 1 };

        var (whole, parts) = (await GenerateAsync(request), await GenerateAsync(request, tiled));

        Assert.NotNull(tiled.Plan(request).VaeTiles);
        var difference = whole.SelectMany(frame => frame).Zip(parts.SelectMany(frame => frame), (a, b) => Math.Abs(a - b)).Average();
        Assert.InRange(difference, double.Epsilon, 20);
    }

    [Fact]
    public void Plan_OfAMissingOrUnfitDecoder_SaysWhatIsWrong()
    {
        Assert.Contains("no such file", Refusal("taew2_1"), StringComparison.Ordinal);
        var unfit = DecoderFiles.Write(_folder["taew2_1.safetensors"], TinyVaes.Wan21);
        Assert.Contains("16 channels", Refusal(unfit), StringComparison.Ordinal);
        Assert.Contains("4 channels", Refusal(unfit), StringComparison.Ordinal);
    }

    [Fact]
    public void Count_OfATinyDecoder_IsItsOwnWork()
    {
        var costs = new CostModel(_engine.Model, decoderFolders: [_folder["."]]);

        var (own, tiny) = (costs.Count(costs.Sketch(Circle)), costs.Count(costs.Sketch(Circle with { Decoder = "tiny" })));

        Assert.NotEqual(Decode(own).Work.Convolutions, Decode(tiny).Work.Convolutions);
        Assert.NotEqual(
            own.Memory.Single(part => part.Name == "VAE, on disk").Bytes,
            tiny.Memory.Single(part => part.Name == "VAE, on disk").Bytes
        );

        static StageWork Decode(GenerationWork work) => work.Stages.Single(stage => stage.Stage == PlanStage.Decode);
    }

    private string Refusal(string decoder)
    {
        var error = Assert.Throws<InvalidRequestException>(() => _generator.Plan(Circle with { Decoder = decoder }));
        Assert.Equal("decoder", error.Field);
        return error.Message;
    }

    private VideoGenerator New(VaeTileChoice? tiles = null) =>
        new(
            _engine.Model,
            _engine.Runtime,
            new SessionSettings(),
            options: new EngineOptions { DecoderFolders = [_folder["."]], VaeTile = tiles ?? VaeTileChoice.Auto }
        );

    private async Task<List<byte[]>> GenerateAsync(GenerationRequest request, VideoGenerator? generator = null)
    {
        await using var frames = new FrameList();
        generator ??= _generator;
        await generator.GenerateAsync(generator.Plan(request), frames, new GenerationRunOptions(), Token);
        return frames.Frames;
    }
}
