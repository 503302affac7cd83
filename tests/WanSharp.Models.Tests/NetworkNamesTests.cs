using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Detection;
using WanSharp.Models.Names;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests;

/// <summary>Whatever tool named the tensors, they are found under their official names, each the same memory, none left over.</summary>
public sealed class NetworkNamesTests
{
    internal static readonly TransformerConfig TwoImages = new()
    {
        ModelType = ModelType.FirstLastFrameToVideo,
        TextLength = 8,
        InChannels = 36,
        OutChannels = 16,
        Dim = 128,
        FfnDim = 16,
        FreqDim = 8,
        TextDim = 16,
        Heads = 1,
        Layers = 2,
        VisionDim = 12,
    };

    private static readonly VaeConfig Vae22 = VaeConfig.Wan22 with { Dim = 4, DecoderDim = 8 };

    private static readonly VaeConfig Vae21 = VaeConfig.Wan21 with { Dim = 4 };

    [Theory]
    [InlineData("")]
    [InlineData("model.diffusion_model.")]
    [InlineData("diffusion_model.")]
    [InlineData("model.")]
    public void Find_TransformerWithAnyPrefix_HasOfficialNames(string prefix)
    {
        using var official = TransformerWeights();
        AssertFound(TransformerNames.Names, official, name => prefix + name);
        AssertFound(TransformerNames.Names, official, name => prefix + OtherTools.DiffusersTransformer(name));
    }

    [Fact]
    public void Find_ScalesBesideRenamedWeights_FollowThem()
    {
        var table = TransformerNames.Names.Layouts[1]([]);
        Assert.Equal("blocks.3.cross_attn.o.scale_weight", table.Translate("blocks.3.attn2.to_out.0.scale_weight"));
        Assert.Equal("blocks.12.norm3.weight", table.Translate("blocks.12.norm2.weight"));
        Assert.Equal("blocks.x.norm2.weight", table.Translate("blocks.x.norm2.weight"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("text_encoders.umt5xxl.transformer.")]
    public void Find_TextEncoder_HasOfficialNames(string prefix)
    {
        using var official = Fixture("umt5");
        AssertFound(TextEncoderNames.Names, official, name => prefix + name);
        AssertFound(TextEncoderNames.Names, official, name => prefix + OtherTools.TransformersText(name));
        AssertFound(TextEncoderNames.Names, official, name => prefix + OtherTools.LlamaText(name));
    }

    [Fact]
    public void Find_Wan21Vae_HasOfficialNames()
    {
        using var official = Fixture("vae21");
        AssertFound(VaeNames.Names, official, name => name);
        AssertFound(VaeNames.Names, official, name => "vae." + name);
        AssertFound(VaeNames.Names, official, name => OtherTools.DiffusersVae21(name, blocks: 2));
    }

    [Fact]
    public void Find_Wan22Vae_HasOfficialNames()
    {
        using var official = VaeWeights(Vae22);
        AssertFound(VaeNames.Names, official, name => name);
        AssertFound(VaeNames.Names, official, name => OtherTools.DiffusersVae22(name, blocks: 2));
    }

    [Fact]
    public void Find_Clip_GivesTheSameWeights()
    {
        using var official = Fixture("clip-vision");
        using var folder = new TemporaryFolder();
        var parts = official
            .Tensors.Where(pair => pair.Key.StartsWith("visual.", StringComparison.Ordinal))
            .SelectMany(pair => OtherTools.TransformersClip(pair.Key, pair.Value));
        SafetensorsWriter.Write(folder["clip.safetensors"], parts.ToDictionary(part => part.Name, part => part.Tensor));
        var config = new VisionEncoderConfig
        {
            ImageSize = 28,
            PatchSize = 14,
            Dim = 64,
            Heads = 1,
            Layers = 4,
        };
        using var stored = Checkpoint.Open(folder["clip.safetensors"]);
        var renamed = VisionEncoderNames.Names.Find(stored)!;
        Assert.Equal(config, VisionEncoderDetection.Detect(renamed));
        Assert.Equal(config, VisionEncoderDetection.Detect(official));

        using var expected = new WeightStore(VisionEncoderNames.Names.Find(official)!);
        using var actual = new WeightStore(renamed);
        foreach (var slot in VisionEncoder.Whole(config, new GraphOptions()).Weights)
        {
            Assert.Equal(expected.Get(slot).Read<float>().ToArray(), actual.Get(slot).Read<float>().ToArray());
        }
    }

    [Fact]
    public void Find_OtherNetworks_FindsNothing()
    {
        using var transformer = TransformerWeights();
        using var text = Fixture("umt5");
        using var vae = Fixture("vae21");
        using var clip = Fixture("clip-vision");
        ICheckpoint[] all = [transformer, text, vae, clip];
        NetworkNames[] names = [TransformerNames.Names, TextEncoderNames.Names, VaeNames.Names, VisionEncoderNames.Names];
        for (var i = 0; i < all.Length; i++)
        {
            Assert.Equal([i], Enumerable.Range(0, names.Length).Where(network => names[network].Find(all[i]) is not null));
        }
    }

    [Fact]
    public void Find_CheckpointOfSeveralNetworks_FindsEach()
    {
        using var transformer = TransformerWeights();
        using var vae = VaeWeights(Vae21);
        using var folder = new TemporaryFolder();
        var all = transformer
            .Tensors.Select(pair => ("model.diffusion_model." + pair.Key, pair.Value))
            .Concat(vae.Tensors.Select(pair => ("vae." + pair.Key, pair.Value)));
        SafetensorsWriter.Write(folder["all.safetensors"], all.ToDictionary());
        using var stored = Checkpoint.Open(folder["all.safetensors"]);
        Assert.Equal(transformer.Tensors.Keys.Order(), TransformerNames.Names.Find(stored)!.Tensors.Keys.Order());
        Assert.Equal(vae.Tensors.Keys.Order(), VaeNames.Names.Find(stored)!.Tensors.Keys.Order());
    }

    [Fact]
    public void Detect_FromShapes_FindsTheDimensions()
    {
        using var transformer = TransformerWeights();
        Assert.Equal(TwoImages with { TextLength = 512 }, TransformerDetection.Detect(transformer));
        foreach (
            var config in new[]
            {
                Vae21,
                Vae22,
                Vae21 with
                {
                    ResidualBlocks = 1,
                    DimMultipliers = [1, 2, 4],
                    TemporalDownsample = [true, false],
                },
            }
        )
        {
            using var vae = VaeWeights(config);
            var detected = VaeDetection.Detect(vae);
            Assert.Equal(
                (
                    config.Kind,
                    config.Dim,
                    config.DecoderDim,
                    config.ResidualBlocks,
                    config.LatentChannels,
                    string.Join(',', config.DimMultipliers),
                    string.Join(',', config.TemporalDownsample)
                ),
                (
                    detected.Kind,
                    detected.Dim,
                    detected.DecoderDim,
                    detected.ResidualBlocks,
                    detected.LatentChannels,
                    string.Join(',', detected.DimMultipliers),
                    string.Join(',', detected.TemporalDownsample)
                )
            );
        }

        using var text = Fixture("umt5");
        Assert.Equal(
            new Umt5Config
            {
                Vocabulary = 300,
                Dim = 64,
                AttentionDim = 64,
                FfnDim = 128,
                Heads = 4,
                Layers = 3,
                Buckets = 32,
            },
            TextEncoderDetection.Detect(text)
        );
    }

    [Theory]
    [InlineData(16, 16, null, null, ModelType.TextToVideo)]
    [InlineData(16, 16, null, "ti2v", ModelType.TextImageToVideo)]
    [InlineData(48, 48, null, null, ModelType.TextImageToVideo)]
    [InlineData(36, 16, null, null, ModelType.ImageToVideo)]
    [InlineData(36, 16, 12, "t2v", ModelType.ImageToVideo)]
    public void Detect_WhatItDoes_FromChannelsThenFromTheDescription(
        int inChannels,
        int outChannels,
        int? visionDim,
        string? described,
        ModelType expected
    )
    {
        var config = TwoImages with { ModelType = expected, InChannels = inChannels, OutChannels = outChannels, VisionDim = visionDim };
        using var folder = new TemporaryFolder();
        using var weights = new RandomWeights(1, WanTransformer.Whole(config, new GraphOptions()));
        SafetensorsWriter.Write(folder["model.safetensors"], weights.Tensors);
        if (described is not null)
        {
            File.WriteAllText(
                folder["config.json"],
                $$"""{"_class_name":"WanModel","model_type":"{{described}}","num_heads":2,"text_len":77,"eps":1e-05}"""
            );
        }

        using var stored = Checkpoint.Open(folder["model.safetensors"]);
        var detected = TransformerDetection.Detect(stored);
        Assert.Equal(
            config with
            {
                Heads = described is null ? 1 : 2,
                TextLength = described is null ? 512 : 77,
                Eps = described is null ? 1e-6f : 1e-5f,
            },
            detected
        );
    }

    [Theory]
    [InlineData("vace_blocks.0.before_proj.weight", "VACE")]
    [InlineData("casual_audio_encoder.weights", "S2V")]
    [InlineData("face_adapter.fuser_blocks.0.q_norm.weight", "Animate")]
    public void Detect_OtherFamilies_AreRefusedByName(string tensor, string family)
    {
        using var official = TransformerWeights();
        var names = official.Tensors.Keys.ToDictionary(name => name, name => name);
        names.Add(tensor, "head.modulation");
        var error = Assert.Throws<CheckpointException>(() => TransformerDetection.Detect(new RenamedCheckpoint(official, names)));
        Assert.Contains(family, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Detect_OtherChannels_AreRefused()
    {
        using var weights = new RandomWeights(
            1,
            WanTransformer.Whole(
                TwoImages with
                {
                    ModelType = ModelType.TextToVideo,
                    VisionDim = null,
                    InChannels = 53,
                },
                new GraphOptions()
            )
        );
        Assert.Contains(
            "53 channels",
            Assert.Throws<CheckpointException>(() => TransformerDetection.Detect(weights)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Detect_FourChannelsThatAreNoMask_AreRefused()
    {
        // A control, and as many channels as a mask has but no image.
        using var weights = new RandomWeights(
            1,
            WanTransformer.Whole(
                TwoImages with
                {
                    ModelType = ModelType.ImageToVideo,
                    VisionDim = null,
                    InChannels = 40,
                    OutChannels = 16,
                },
                new GraphOptions()
            )
        );
        Assert.Contains(
            "40 channels",
            Assert.Throws<CheckpointException>(() => TransformerDetection.Detect(weights)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Detect_ATensorThatIsLost_StillCountsItsLayer()
    {
        using var whole = TransformerWeights();
        using var lossy = new RenamedCheckpoint(
            whole,
            whole.Tensors.Keys.Where(name => name != "blocks.1.ffn.0.weight").ToDictionary(name => name)
        );
        Assert.Equal(TransformerDetection.Detect(whole).Layers, TransformerDetection.Detect(lossy).Layers);
    }

    [Fact]
    public void Detect_LayersWithoutEnd_AreRefused()
    {
        using var whole = TransformerWeights();
        using var endless = new RenamedCheckpoint(
            whole,
            whole.Tensors.Keys.ToDictionary(name => name == "blocks.1.modulation" ? "blocks.2147483647.modulation" : name)
        );
        Assert.Contains(
            "more than 1000 layers",
            Assert.Throws<CheckpointException>(() => TransformerDetection.Detect(endless)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Detect_WidthThatLeavesTheHeadsOpen_AsksForTheDescription()
    {
        using var weights = new RandomWeights(1, WanTransformer.Whole(TwoImages with { Dim = 24 }, new GraphOptions()));
        Assert.Contains(
            "config.json with num_heads",
            Assert.Throws<CheckpointException>(() => TransformerDetection.Detect(weights)).Message,
            StringComparison.Ordinal
        );
    }

    private static RandomWeights TransformerWeights() => new(1, WanTransformer.Whole(TwoImages, new GraphOptions()));

    private static RandomWeights VaeWeights(VaeConfig config) =>
        new(1, WanVae.EncodeNext(config, new GraphOptions()), WanVae.DecodeNext(config, new GraphOptions()));

    private static ICheckpoint Fixture(string name) =>
        Checkpoint.Open(Path.Combine(AppContext.BaseDirectory, "fixtures", name, "weights.safetensors"));

    private static void AssertFound(NetworkNames names, ICheckpoint official, Func<string, string> rename)
    {
        var found = names.Find(OtherTools.Rename(official, rename));
        Assert.NotNull(found);
        Assert.Equal(official.Tensors.Keys.Order(), found.Tensors.Keys.Order());
        Assert.All(official.Tensors, pair => Assert.Same(pair.Value, found.Tensors[pair.Key]));
    }
}
