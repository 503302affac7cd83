using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Layout;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests;

/// <summary>One tiny model in the folders of every tool: the same networks, weights and settings come out.</summary>
public sealed class ModelLayoutTests : IDisposable
{
    private const string Hints = """{"_class_name":"WanModel","num_heads":4,"text_len":20}""";

    private static readonly string Source = Path.Combine(AppContext.BaseDirectory, "fixtures", "pipeline-t2v");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_OfficialFolder_FindsItsParts()
    {
        Copy("dit", "diffusion_pytorch_model.safetensors");
        Write("config.json", Hints);
        Copy("t5", "models_t5_umt5-xxl-enc-bf16.safetensors");
        Copy("vae", "Wan2.1_VAE.safetensors");
        Tokenizer("google/umt5-xxl/spiece.model");
        AssertOpens(_folder.Path);
        AssertOpens(_folder["diffusion_pytorch_model.safetensors"]);
    }

    [Fact]
    public void Open_OfficialFolderWithPickles_FindsItsParts()
    {
        Copy("dit", "diffusion_pytorch_model.safetensors");
        Write("config.json", Hints);
        foreach (var (part, name) in new[] { ("t5", "models_t5_umt5-xxl-enc-bf16.pth"), ("vae", "Wan2.1_VAE.pth") })
        {
            using var official = Part(part);
            OtherFormats.WriteTorch(_folder[name], official.Tensors);
        }

        Tokenizer("google/umt5-xxl/spiece.model");
        AssertOpens(_folder.Path);
    }

    [Fact]
    public void Open_Gguf_FindsItsParts()
    {
        using (var dit = Part("dit"))
        using (var text = Part("t5"))
        {
            OtherFormats.WriteGguf(Prepare("unet/wan-Q8_0.gguf"), dit.Tensors);
            OtherFormats.WriteGguf(
                Prepare("clip/umt5.gguf"),
                text.Tensors.ToDictionary(pair => OtherTools.LlamaText(pair.Key), pair => pair.Value)
            );
        }

        Write("unet/config.json", Hints);
        Copy("vae", "vae/vae.safetensors");
        Tokenizer("clip/spiece.model");
        AssertOpens(_folder.Path);
        AssertOpens(_folder["unet/wan-Q8_0.gguf"]);
    }

    [Fact]
    public void Open_ScaledFloat8_MultipliesByTheScales()
    {
        using var official = Part("dit");
        var tensors = official.Tensors.ToDictionary(pair => pair.Key, pair => pair.Value);
        foreach (var name in official.Tensors.Keys.Where(name => name.EndsWith(".q.weight", StringComparison.Ordinal)))
        {
            tensors[name] = official.Get(name).ConvertTo(DType.F8E4M3);
            tensors[name.Replace(".weight", ".scale_weight", StringComparison.Ordinal)] = Tensor.CopyOf<float>(Shape.Scalar, [0.3f]);
        }

        tensors["scaled_fp8"] = Tensor.CopyOf<Float8E4M3>([2], [default, default]);
        SafetensorsWriter.Write(Prepare("diffusion_models/wan_fp8_scaled.safetensors"), tensors);
        Write("diffusion_models/config.json", Hints);
        Copy("t5", "text_encoders/t5.safetensors");
        Copy("vae", "vae/vae.safetensors");
        Tokenizer("text_encoders/spiece.model");

        using var model = WanModel.Open(_folder.Path);
        using var rounded = tensors["blocks.0.self_attn.q.weight"].ConvertTo(DType.F32);
        var weight = model.TransformerWeights.Get(new WeightSlot("blocks.0.self_attn.q.weight", DType.F32, rounded.Shape));
        Assert.Equal(rounded.Read<float>().ToArray().Select(value => value * 0.3f), weight.Read<float>().ToArray());
        Assert.All(
            WanTransformer.Whole(model.Transformer, new GraphOptions()).Weights,
            slot => Assert.Equal(slot.Shape, model.TransformerWeights.Get(slot).Shape)
        );
    }

    [Fact]
    public void Open_DiffusersFolder_FindsItsParts()
    {
        WriteShards("transformer/diffusion_pytorch_model", "dit", OtherTools.DiffusersTransformer);
        Write("transformer/config.json", """{"_class_name":"WanTransformer3DModel","num_attention_heads":4,"text_len":20}""");
        WriteShards("text_encoder/model", "t5", OtherTools.TransformersText);
        Rename("vae/diffusion_pytorch_model.safetensors", "vae", name => OtherTools.DiffusersVae21(name, blocks: 2));
        Write("model_index.json", "{}");
        Tokenizer("tokenizer/spiece.model");
        AssertOpens(_folder.Path);
        AssertOpens(_folder["transformer/diffusion_pytorch_model.safetensors.index.json"]);
        AssertOpens(_folder["transformer/diffusion_pytorch_model-00002-of-00002.safetensors"]);
    }

    [Fact]
    public void Open_ComfyTree_FindsPartsByContentWhateverTheyAreCalled()
    {
        Rename(
            "models/diffusion_models/wan/one.safetensors",
            "dit",
            name => "model.diffusion_model." + name,
            new() { ["num_heads"] = "4", ["text_len"] = "20" }
        );
        Rename("models/text_encoders/two.safetensors", "t5", OtherTools.TransformersText, tokenizer: true);
        Copy("vae", "models/vae/three.sft");
        Write("models/vae/other.safetensors", "not a checkpoint");
        AssertOpens(_folder.Path);
        AssertOpens(_folder["models"]);
        AssertOpens(_folder["models/diffusion_models/wan/one.safetensors"]);
    }

    [Fact]
    public void Open_WithoutAPart_SaysWhichAndWhereItLooked()
    {
        AssertRefuses(_folder.Path, "no Wan transformer was found", _folder.Path);
        Copy("dit", "diffusion_models/wan.safetensors");
        Write("diffusion_models/config.json", Hints);
        AssertRefuses(_folder.Path, "no text encoder (umT5) of width 48", _folder.Path);
        Copy("t5", "text_encoders/t5.safetensors");
        AssertRefuses(_folder.Path, "no VAE of 16 latent channels", _folder["text_encoders"]);
        Copy("vae", "vae/vae.safetensors");
        AssertRefuses(_folder.Path, "no tokenizer", "spiece.model");
        Tokenizer("text_encoders/spiece.model");
        AssertOpens(_folder.Path);
        AssertRefuses(_folder["vae/vae.safetensors"], "holds no Wan transformer", "name the transformer's file");
        Copy("dit", "diffusion_models/wan2.safetensors");
        AssertRefuses(_folder.Path, "2 transformers", "wan2.safetensors");
        AssertOpens(_folder["diffusion_models/wan.safetensors"]);
    }

    [Fact]
    public void Open_TokenizerInATextEncoder_ThatIsDamaged_NamesTheFile()
    {
        Copy("dit", "diffusion_models/wan.safetensors");
        Write("diffusion_models/config.json", Hints);
        Copy("vae", "vae/vae.safetensors");
        using var official = Part("t5");
        using var damaged = Tensor.CopyOf<byte>([3], [1, 2, 3]);
        SafetensorsWriter.Write(
            Prepare("text_encoders/t5.safetensors"),
            new Dictionary<string, Tensor>(official.Tensors) { ["spiece_model"] = damaged }
        );

        AssertRefuses(_folder.Path, "t5.safetensors", "spiece_model", "not a SentencePiece model");
    }

    [Fact]
    public void Open_PartOfAVaceModel_IsNamed()
    {
        using var official = Part("dit");
        var tensors = official.Tensors.ToDictionary();
        tensors.Add("vace_blocks.0.before_proj.weight", tensors["head.modulation"]);
        SafetensorsWriter.Write(_folder["vace.safetensors"], tensors);
        AssertRefuses(_folder["vace.safetensors"], $"{_folder["vace.safetensors"]}: it is a Wan VACE model without", "get the whole file");
        AssertRefuses(_folder.Path, "VACE", "get the whole file");
    }

    [Theory]
    [InlineData("model.diffusion_model.double_blocks.0.img_attn.qkv.weight", "Flux")]
    [InlineData("txt_in.individual_token_refiner.blocks.0.norm1.weight", "HunyuanVideo")]
    [InlineData("model.diffusion_model.input_blocks.0.0.weight", "Stable Diffusion")]
    [InlineData("diffusion_model.blocks.0.self_attn.q.lora_A.weight", "LoRA")]
    public void Open_ModelOfAnotherKind_IsNamed(string tensor, string kind)
    {
        using var official = Part("dit");
        SafetensorsWriter.Write(
            Prepare("diffusion_models/other.safetensors"),
            new Dictionary<string, Tensor> { [tensor] = official.Tensors["head.modulation"] }
        );

        AssertRefuses(_folder["diffusion_models/other.safetensors"], kind, "other.safetensors");
        Assert.Contains(kind, NetworkFile.Read(_folder["diffusion_models/other.safetensors"]).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("high_noise_model/diffusion_pytorch_model.safetensors", "low_noise_model/diffusion_pytorch_model.safetensors")]
    [InlineData("transformer/diffusion_pytorch_model.safetensors", "transformer_2/diffusion_pytorch_model.safetensors")]
    [InlineData(
        "diffusion_models/wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors",
        "diffusion_models/wan2.2_t2v_low_noise_14B_fp8_scaled.safetensors"
    )]
    [InlineData("unet/Wan2.2-T2V-A14B-HighNoise-Q4_K_M.safetensors", "unet/Wan2.2-T2V-A14B-LowNoise-Q4_K_M.safetensors")]
    public void Find_TwoExperts_KnowsWhichIsWhich(string high, string low)
    {
        foreach (var file in new[] { high, low })
        {
            Copy("dit", file);
            Write(Path.Combine(Path.GetDirectoryName(file)!, "config.json"), Hints);
        }

        using (var changed = File.OpenWrite(_folder[low])) // copies are not two experts
        {
            changed.Position = changed.Length - 1;
            changed.WriteByte(1);
        }

        Copy("t5", "text_encoder/t5.safetensors");
        Copy("vae", "vae/vae.safetensors");
        Tokenizer("text_encoder/spiece.model");
        foreach (var path in new[] { _folder.Path, _folder[high], _folder[low] })
        {
            var parts = ModelLayout.Find(path);
            Assert.Equal((_folder[high], _folder[low]), (parts.HighNoisePath, parts.TransformerPath));
            Assert.Equal(("wan2.2-t2v-a14b", "high"), (NetworkFile.Read(_folder[high]).Variant, NetworkFile.Read(_folder[high]).Noise));
            Assert.Equal(("wan2.2-t2v-a14b", "low"), (NetworkFile.Read(_folder[low]).Variant, NetworkFile.Read(_folder[low]).Noise));
            Assert.Equal(
                ("wan2.2-t2v-a14b", 0.875, 4f, 3f),
                (parts.Name, parts.Defaults.Boundary, parts.Defaults.HighNoiseGuidanceScale, parts.Defaults.GuidanceScale)
            );
        }
    }

    [Fact]
    public void In_AFolder_SaysWhatEachFileIs()
    {
        Copy("dit", "a/dit.safetensors");
        Write("a/config.json", Hints);
        Copy("t5", "b/t5.safetensors");
        Copy("vae", "vae.safetensors");
        Write("broken.gguf", "GGUF");
        Write("readme.txt", "no checkpoint");
        var files = new ModelFinder().In(_folder.Path).ToDictionary(file => Path.GetFileName(file.Path));
        Assert.Equal(["broken.gguf", "dit.safetensors", "t5.safetensors", "vae.safetensors"], files.Keys.Order());
        Assert.NotNull(files["dit.safetensors"].Transformer);
        Assert.Equal(("wan2.1-t2v-1.3b", null), (files["dit.safetensors"].Variant, files["dit.safetensors"].Noise));
        Assert.NotNull(files["t5.safetensors"].TextEncoder);
        Assert.NotNull(files["vae.safetensors"].Vae);
        Assert.NotNull(files["broken.gguf"].Problem);
        Assert.Equal(["F32"], files["vae.safetensors"].DTypes);
        Assert.Equal(new FileInfo(_folder["vae.safetensors"]).Length, files["vae.safetensors"].Length);
    }

    [Fact]
    public void Defaults_OfEveryVariant_AreThoseOfTheOfficialCode()
    {
        Assert.Equal(23, ModelVariant.All.Count);
        Assert.All(
            ModelVariant.All.Values,
            variant =>
            {
                Assert.Contains($"{variant.Defaults.Width}x{variant.Defaults.Height}", variant.Sizes);
                Assert.Equal(1, variant.Defaults.Frames % 4);
                Assert.Equal(variant.Name.Split('-')[1] == "fun" ? "euler" : "unipc", variant.Defaults.Sampler); // VideoX-Fun's examples
                Assert.EndsWith("倒着走", variant.Defaults.NegativePrompt, StringComparison.Ordinal);
            }
        );
        var image = ModelVariant.All["wan2.1-i2v-14b-480p"].Defaults;
        Assert.Equal((40, 3.0, 5f, null), (image.Steps, image.Shift, image.GuidanceScale, image.Boundary));
        Assert.StartsWith("镜头晃动，", image.NegativePrompt, StringComparison.Ordinal);
    }

    private static ICheckpoint Part(string name) => Checkpoint.Open(Path.Combine(Source, $"{name}.safetensors"));

    private static void AssertOpens(string path)
    {
        using var model = WanModel.Open(path);
        Assert.Equal("wan2.1-t2v-1.3b", model.Name);
        Assert.Equal(
            (16, 64, 4, 2, 20),
            (
                model.Transformer.InChannels,
                model.Transformer.Dim,
                model.Transformer.Heads,
                model.Transformer.Layers,
                model.Transformer.TextLength
            )
        );
        Assert.Equal(
            (300, 48, 4, 2),
            (model.TextEncoder.Vocabulary, model.TextEncoder.Dim, model.TextEncoder.Heads, model.TextEncoder.Layers)
        );
        Assert.Equal((6, 16, 2), (model.Vae.Dim, model.Vae.LatentChannels, model.Vae.ResidualBlocks));
        Assert.Equal(
            (832, 480, 81, 16, 50, 5.0, 5f),
            (
                model.Defaults.Width,
                model.Defaults.Height,
                model.Defaults.Frames,
                model.Defaults.Fps,
                model.Defaults.Steps,
                model.Defaults.Shift,
                model.Defaults.GuidanceScale
            )
        );

        var options = new GraphOptions();
        AssertSame("dit", model.TransformerWeights, WanTransformer.Whole(model.Transformer, options));
        AssertSame("t5", model.TextEncoderWeights, Umt5Encoder.Whole(model.TextEncoder, options));
        AssertSame("vae", model.VaeWeights, WanVae.EncodeNext(model.Vae, options), WanVae.DecodeNext(model.Vae, options));
    }

    private static void AssertSame(string part, WanSharp.Runtime.Weights.WeightStore weights, params OnnxGraph[] graphs)
    {
        using var official = Part(part);
        foreach (var slot in graphs.SelectMany(graph => graph.Weights))
        {
            var expected = official.Get(slot.Name);
            Assert.Equal(
                expected.ReadBytes(0, (int)expected.ByteLength).ToArray(),
                weights.Get(slot).ReadBytes(0, (int)expected.ByteLength).ToArray()
            );
        }
    }

    private static void AssertRefuses(string path, params string[] parts)
    {
        var error = Assert.Throws<CheckpointException>(() => WanModel.Open(path).Dispose());
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    private string Prepare(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        return _folder[name];
    }

    private void Copy(string part, string name) => File.Copy(Path.Combine(Source, $"{part}.safetensors"), Prepare(name));

    private void Write(string name, string text) => File.WriteAllText(Prepare(name), text);

    private void Tokenizer(string name) => File.Copy(TokenizerPath, Prepare(name));

    private static string TokenizerPath => Path.Combine(AppContext.BaseDirectory, "tokenizers", "bytes.model");

    private void Rename(
        string name,
        string part,
        Func<string, string> rename,
        Dictionary<string, string>? metadata = null,
        bool tokenizer = false
    )
    {
        using var official = Part(part);
        var tensors = official.Tensors.ToDictionary(pair => rename(pair.Key), pair => pair.Value);
        var bytes = File.ReadAllBytes(TokenizerPath);
        using var model = Tensor.CopyOf<byte>([bytes.Length], bytes);
        if (tokenizer)
        {
            tensors.Add("spiece_model", model);
        }

        SafetensorsWriter.Write(Prepare(name), tensors, metadata);
    }

    private void WriteShards(string name, string part, Func<string, string> rename)
    {
        using var official = Part(part);
        var halves = official.Tensors.Select((pair, i) => (Name: rename(pair.Key), pair.Value, Shard: i % 2)).ToList();
        var shards = Enumerable
            .Range(0, 2)
            .ToDictionary(shard => shard, shard => $"{Path.GetFileName(name)}-0000{shard + 1}-of-00002.safetensors");
        foreach (var (shard, file) in shards)
        {
            SafetensorsWriter.Write(
                Prepare(Path.Combine(Path.GetDirectoryName(name)!, file)),
                halves.Where(half => half.Shard == shard).ToDictionary(half => half.Name, half => half.Value)
            );
        }

        var map = string.Join(",", halves.Select(half => $"\"{half.Name}\":\"{shards[half.Shard]}\""));
        Write($"{name}.safetensors.index.json", $$$"""{"metadata":{},"weight_map":{{{{map}}}}}""");
    }
}
