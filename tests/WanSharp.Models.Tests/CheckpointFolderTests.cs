using WanSharp.Engine;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Media.Images;
using WanSharp.Models.Layout;
using WanSharp.Models.Names;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests;

/// <summary>Every kind of model in the folders of every tool: the same weights, none left over, and the same clip bit for bit.</summary>
public sealed class CheckpointFolderTests(RuntimeFixture fixture)
{
    private static readonly string[] Tools = ["official", "diffusers", "comfy", "gguf", "single"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Runs =>
        new()
        {
            { "wan2.1-t2v-1.3b", "single" },
            { "wan2.1-i2v-14b-480p", "diffusers" },
            { "wan2.1-flf2v-14b", "comfy" },
            { "wan2.2-t2v-a14b", "gguf" },
            { "wan2.2-i2v-a14b", "diffusers" },
            { "wan2.2-ti2v-5b", "comfy" },
        };

    public static TheoryData<string> Variants => [.. Runs.Select(row => row.Data.Item1)];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Open_InAnyToolsFolder_HasTheSameWeightsAndNoneLeftOver(string variant)
    {
        using var networks = new TinyNetworks(variant);
        foreach (var tool in Tools)
        {
            using var folder = new TemporaryFolder();
            using var model = WanModel.Open(new ToolFolders(networks, folder.Path).Write(tool));
            Assert.Equal((tool, variant, networks.HighNoise is not null), (tool, model.Name, model.HasExperts));
            Assert.Equal(networks.Config, model.Transformer);

            AssertSame(networks.Transformer, model.TransformerWeights.Path, TransformerNames.Names);
            AssertSame(networks.Text, model.TextEncoderWeights.Path, TextEncoderNames.Names);
            AssertSame(networks.Vae, model.VaeWeights.Path, VaeNames.Names);
            if (networks.HighNoise is { } highNoise)
            {
                AssertSame(highNoise, model.HighNoiseWeights!.Path, TransformerNames.Names);
            }

            if (networks.Vision is { } vision)
            {
                foreach (var slot in VisionEncoder.Whole(model.VisionEncoder!, new GraphOptions()).Weights)
                {
                    Assert.Equal(vision[slot.Name].Read<float>().ToArray(), model.VisionEncoderWeights!.Get(slot).Read<float>().ToArray());
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Generate_FromAnyToolsFolder_GivesTheSameClip(string variant, string tool)
    {
        using var networks = new TinyNetworks(variant);
        var expected = await GenerateAsync(networks, "official");

        Assert.Equal(5, expected.Count);
        Assert.Equal(expected, await GenerateAsync(networks, tool));
    }

    [Fact]
    public async Task Generate_FromKijaisFloat8_GivesTheClipOfItsNumbers()
    {
        using var networks = new TinyNetworks("wan2.1-t2v-1.3b");
        networks.RoundToFloat8(1);
        Assert.Equal(await GenerateAsync(networks, "official"), await GenerateAsync(networks, "kijai"));
        networks.RoundToFloat8(ToolFolders.Scale);
        Assert.Equal(await GenerateAsync(networks, "official"), await GenerateAsync(networks, "kijai scaled"));
    }

    [Theory]
    [InlineData("wan2.1-t2v-1.3b")]
    [InlineData("wan2.2-i2v-a14b")]
    public async Task Generate_FromPatchesEmbeddedByAMatrix_GivesTheSameClip(string variant)
    {
        using var networks = new TinyNetworks(variant);

        Assert.Equal(await GenerateAsync(networks, "official"), await GenerateAsync(networks, "turbo"));
    }

    [Fact]
    public async Task Generate_WithAWeightThatIsNoNumber_NamesTheFile()
    {
        using var networks = new TinyNetworks("wan2.1-t2v-1.3b");
        networks.Transformer["blocks.1.ffn.0.weight"].Write<float>()[0] = float.NaN;
        var error = await Assert.ThrowsAsync<CheckpointException>(() => GenerateAsync(networks, "official"));
        Assert.Contains(
            "diffusion_pytorch_model.safetensors: the transformer produced NaN or infinity",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Generate_WithTwoExperts_TakesEachForItsSteps()
    {
        using var networks = new TinyNetworks("wan2.2-t2v-a14b");
        using var opened = new Opened(networks, "official", fixture.Runtime);
        var clip = await opened.GenerateAsync();
        var high = await opened.GenerateAsync(request => request with { HighNoiseGuidanceScale = 2 });
        var low = await opened.GenerateAsync(request => request with { GuidanceScale = 2, HighNoiseGuidanceScale = 4 });
        Assert.NotEqual(clip, high);
        Assert.NotEqual(clip, low);
        // the official (low, high)
        Assert.Equal(clip, await opened.GenerateAsync(request => request with { GuidanceScale = 3, HighNoiseGuidanceScale = 4 }));
    }

    [Theory]
    [InlineData("wan2.1-flf2v-14b")]
    [InlineData("wan2.2-i2v-a14b")] // its last image is in the channels alone
    public async Task Generate_BetweenTwoImages_DependsOnEach(string variant)
    {
        using var networks = new TinyNetworks(variant);
        using var opened = new Opened(networks, "official", fixture.Runtime);
        var clip = await opened.GenerateAsync(Both);
        Assert.NotEqual(
            clip,
            await opened.GenerateAsync(request => request with { Images = [Both(request).Images[0], new(Picture(9, 32, 32), -1)] })
        );
        Assert.NotEqual(
            clip,
            await opened.GenerateAsync(request => request with { Images = [new(Picture(9, 32, 32)), Both(request).Images[1]] })
        );
        Assert.Equal(
            5,
            (await opened.GenerateAsync(request => request with { Images = [Both(request).Images[0], new(Picture(9, 64, 20), -1)] })).Count
        ); // of another shape

        static GenerationRequest Both(GenerationRequest request) =>
            request with
            {
                Images = [new(Picture(1, 32, 32)), new(Picture(2, 32, 32), -1)],
            };
    }

    [Theory]
    [InlineData("wan2.2-t2v-a14b", "high_noise_model", "low_noise_model")]
    [InlineData("wan2.2-i2v-a14b", "low_noise_model", "high_noise_model")]
    public void Open_WithOneExpert_SaysWhereTheOtherWasLookedFor(string variant, string missing, string there)
    {
        using var networks = new TinyNetworks(variant);
        using var folder = new TemporaryFolder();
        new ToolFolders(networks, folder.Path).Official();
        Directory.Delete(folder[missing], recursive: true);
        foreach (var path in new[] { folder.Path, folder[$"{there}/diffusion_pytorch_model.safetensors"] })
        {
            var error = Assert.Throws<CheckpointException>(() => WanModel.Open(path).Dispose());
            Assert.Contains("one of Wan 2.2's two experts", error.Message, StringComparison.Ordinal);
            Assert.Contains(folder[$"{missing}/diffusion_pytorch_model.safetensors"], error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(832, 480, 3)]
    [InlineData(480, 832, 3)]
    [InlineData(1280, 720, 5)]
    public void Plan_OfWan21sImageToVideo_TakesTheShiftOfTheSize(int width, int height, double shift)
    {
        using var networks = new TinyNetworks("wan2.1-i2v-14b-480p");
        using var folder = new TemporaryFolder();
        using var model = WanModel.Open(new ToolFolders(networks, folder.Path).Write("comfy"));
        var request = new GenerationRequest
        {
            Prompt = "a red circle",
            Width = width,
            Height = height,
            Images = [new(Picture(1, 40, 30))],
        };
        Assert.Equal(shift, GenerationPlanner.Sketch(request, model).Settings.Shift);

        var ofTheImage = GenerationPlanner.Sketch(request with { Width = null, Height = null }, model).Settings;
        // sqrt(832·480·3/4) = 547.2 and its 4/3, down to whole patches
        Assert.Equal((720, 544, 3.0), (ofTheImage.Width, ofTheImage.Height, ofTheImage.Shift));
        Assert.Equal(
            "image",
            Assert.Throws<InvalidRequestException>(() => GenerationPlanner.Sketch(request with { Images = [] }, model)).Field
        );
        Assert.Equal(
            "image",
            Assert
                .Throws<InvalidRequestException>(() =>
                    GenerationPlanner.Sketch(request with { Images = [new(Picture(1, 40, 30), -1)] }, model)
                )
                .Field
        );
    }

    /// <summary>A clip of a model in a tool's folder.</summary>
    private async Task<List<byte[]>> GenerateAsync(TinyNetworks networks, string tool)
    {
        using var opened = new Opened(networks, tool, fixture.Runtime);
        return await opened.GenerateAsync();
    }

    /// <summary>The file's tensors of a network are the official ones, all of them and no other.</summary>
    private static void AssertSame(Dictionary<string, Tensor> expected, string path, NetworkNames names)
    {
        using var found = names.Find(Checkpoint.Open(path))!;
        Assert.Equal(
            expected.Keys.Order(),
            found.Tensors.Keys.Where(name => name != NetworkFile.TokenizerTensor && !IsOther(name)).Order()
        );
        foreach (var (name, tensor) in expected)
        {
            Assert.Equal(tensor.ReadBytes(0, (int)tensor.ByteLength), found.Get(name).ReadBytes(0, (int)tensor.ByteLength));
        }
    }

    // A file of several networks shows those without a prefix of their own to each.
    private static bool IsOther(string name) => name.StartsWith("visual.", StringComparison.Ordinal);

    private static RgbImage Picture(int seed, int width, int height) =>
        new(width, height, [.. Enumerable.Range(0, 3 * width * height).Select(i => (byte)(i * seed * 7))]);

    /// <summary>A model in a tool's folder, and what makes its clips.</summary>
    private sealed class Opened : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly string _type;
        private readonly WanModel _model;
        private readonly VideoGenerator _generator;

        public Opened(TinyNetworks networks, string tool, OrtRuntime runtime)
        {
            _type = networks.Type;
            _model = WanModel.Open(new ToolFolders(networks, _folder.Path).Write(tool));
            _generator = new VideoGenerator(_model, runtime, new SessionSettings());
        }

        public async Task<List<byte[]>> GenerateAsync(Func<GenerationRequest, GenerationRequest>? change = null)
        {
            var request = new GenerationRequest
            {
                Prompt = "a red circle",
                Width = 32,
                Height = 32,
                Frames = 5,
                Steps = 3,
                Seed = 7,
                Images = _type switch
                {
                    "t2v" => [],
                    "flf2v" => [new(Picture(1, 32, 32)), new(Picture(2, 32, 32), -1)],
                    _ => [new(Picture(1, 40, 30))],
                },
            };
            await using var frames = new FrameList();
            await _generator.GenerateAsync(_generator.Plan(change?.Invoke(request) ?? request), frames, cancellationToken: Cancellation);
            return frames.Frames;
        }

        public void Dispose()
        {
            _generator.Dispose();
            _model.Dispose();
            _folder.Dispose();
        }
    }
}
