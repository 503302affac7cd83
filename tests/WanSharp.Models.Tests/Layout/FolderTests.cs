using WanSharp.Tensors;

namespace WanSharp.Models.Tests.Layout;

/// <summary>The folders of other tools are found whatever their case and depth, and through links.</summary>
public sealed class FolderTests : IDisposable
{
    private readonly TinyFolder _folder = new("wan2.1-t2v-1.3b");

    public void Dispose() => _folder.Dispose();

    /// <summary>The tool, its folder, the transformer, the VAE and the text encoder in it, and the folder that is asked for.</summary>
    public static TheoryData<string, string, string, string, string, string> Tools =>
        new()
        {
            { "SwarmUI", "Models", "diffusion_models/Wan/wan", "VAE/wan_2.1_vae", "clip/umt5", "Models" },
            { "Forge", "models", "Stable-diffusion/wan", "VAE/wan_2.1_vae", "text_encoder/umt5", "" },
            { "Stability Matrix", "Models", "DiffusionModels/wan", "VAE/wan_2.1_vae", "TextEncoders/umt5", "" },
            { "Wan2GP", "ckpts", "wan2.1_text2video_14B_mbf16", "Wan2.1_VAE", "umt5-xxl/models_t5_umt5-xxl-enc-bf16", "ckpts" },
            { "Wan2GP", "ckpts", "wan2.1_text2video_14B_mbf16", "Wan2.1_VAE", "umt5-xxl/models_t5_umt5-xxl-enc-bf16", "" },
            { "LightX2V", "Wan2.1", "distill_models/distill_model", "Wan2.1_VAE", "models_t5_umt5-xxl-enc-bf16", "Wan2.1" },
            { "a collection", "models", "diffusion_models/video/wan/2.1/t2v/wan", "vae/vae", "text_encoders/umt5", "" },
            { "capitals, deep", "UI/MODELS", "Diffusion_Models/a/b/c/d/e/wan", "Vae/w/vae", "Text-Encoders/umt5", "UI" },
            { "Comfy-Org", "split_files", "diffusion_models/wan", "vae/vae", "text_encoders/umt5", "" },
            { "InvokeAI", "models", "any/wan/wan", "any/vae/vae", "any/t5_encoder/umt5", "models" },
            { "own words", "Models", "unet/wan", "Wan VAEs/vae", "Text Encoder (umT5)/umt5", "" },
            { "nobody's", "", "a/anything", "b/pixels", "c/words", "" },
        };

    [Theory]
    [MemberData(nameof(Tools))]
    public void Find_AToolsFolder_FindsThePartsFromTheFileAndFromTheFolder(
        string tool,
        string root,
        string transformer,
        string vae,
        string text,
        string asked
    )
    {
        string[] files = [.. new[] { transformer, vae, text }.Select(name => Path.Combine(root, $"{name}.safetensors"))];
        _folder.Transformer(files[0]);
        _folder.Vae(files[1]);
        _folder.TextEncoder(files[2]);
        var isKnown = tool != "nobody's"; // else nothing says how far a file's model goes
        string[] paths = isKnown ? [asked, files[0]] : [asked];
        Assert.All(
            paths,
            path =>
            {
                var parts = _folder.Find(_folder[path]);
                Assert.Equal(files, new[] { parts.TransformerPath, parts.VaePath, parts.TextEncoderPath }.Select(_folder.Relative));
                Assert.Equal(_folder[path], new ModelLocator([]).Find(_folder[path]));
            }
        );
        Assert.Equal(3, new ModelFinder().In(_folder.Path).Count);
    }

    /// <summary>ComfyUI's users keep models on another disk, and say so in a file.</summary>
    [Theory]
    [InlineData("ComfyUI/models/diffusion_models")]
    [InlineData("disk/unet")]
    public void Find_ComfysExtraPaths_FindsThePartsThatAreElsewhere(string folder)
    {
        var transformer = _folder.Transformer($"{folder}/wan.safetensors");
        var vae = _folder.Vae("disk/old/VAE/wan_2.1_vae.safetensors");
        var text = _folder.TextEncoder("disk/words/umt5.safetensors");
        var lora = _folder.Text("disk/styles/ink.safetensors", "");
        Directory.CreateDirectory(_folder["ComfyUI/models"]);
        var file = _folder.Text(
            "ComfyUI/extra_model_paths.yaml",
            """
            #config for a1111 ui
            a1111:
                base_path: ../disk/old/
                vae: VAE
                loras: |
                     Lora
                     LyCORIS
            none:
            other disk:
                base_path: ../disk
                is_default: true
                text_encoders: |
                    nowhere
                    words/
                unet: unet
                loras: styles
            """
        );
        var asked = folder.StartsWith("ComfyUI", StringComparison.Ordinal) ? transformer : _folder["ComfyUI"];

        var parts = _folder.Find(asked);
        Assert.Equal((transformer, vae, text), (parts.TransformerPath, parts.VaePath, parts.TextEncoderPath));
        Assert.Equal(_folder["ComfyUI"], new ModelLocator([]).Find(_folder["ComfyUI"]));
        using (var model = WanModel.Open(asked))
        {
            Assert.Equal(lora, model.Loras.Find("ink"));
        }

        File.WriteAllText(file, "a: [b\n");
        Assert.Contains($"{file} is not read: line 2:", _folder.Refusal(asked), StringComparison.Ordinal);
    }

    [Fact]
    public void Find_HuggingFacesCache_FollowsTheLinksOfTheSnapshotThatMainNames()
    {
        const string Repository = "hub/models--Org--Wan2.1";
        Cache($"{Repository}/snapshots/new");
        _folder.Text($"{Repository}/refs/main", "new\n");
        Directory.CreateDirectory(_folder[$"{Repository}/snapshots/old"]);
        File.Copy(_folder[$"{Repository}/blobs/0"], _folder[$"{Repository}/snapshots/old/other.safetensors"]);

        const string Transformer = $"{Repository}/snapshots/new/diffusion_pytorch_model.safetensors";
        foreach (var path in new[] { Repository, $"{Repository}/snapshots", $"{Repository}/snapshots/new", Transformer })
        {
            using var model = WanModel.Open(_folder[path]);
            Assert.Equal(_folder[Transformer], model.Parts.Transformer);
        }

        var file = new ModelFinder().Read(_folder[$"{Repository}/snapshots/new/Wan2.1_VAE.safetensors"]);
        Assert.Equal(new FileInfo(_folder[$"{Repository}/blobs/1"]).Length, file.Length);

        File.Delete(_folder[$"{Repository}/refs/main"]);
        Assert.Contains("2 snapshots", _folder.Refusal(_folder[Repository]), StringComparison.Ordinal);
    }

    /// <summary>A repository may have the transformer alone: the other parts are another's in the same collection.</summary>
    [Theory]
    [InlineData(
        "models--city96--Wan2.1-T2V-gguf/snapshots/a/wan.gguf",
        "models--Comfy-Org--Wan_2.1_ComfyUI_repackaged/snapshots/b/split_files"
    )]
    [InlineData("Wan-AI/Wan2.1-T2V-14B/model.safetensors", "DiffSynth-Studio/Wan-Series-Converted-Safetensors")]
    public void Find_PartsInAnotherRepository_AreFound(string transformer, string others)
    {
        _folder.Transformer($"models/{transformer}");
        var vae = _folder.Vae($"models/{others}/vae/wan_2.1_vae.safetensors");
        var text = _folder.TextEncoder($"models/{others}/text_encoders/umt5_xxl_fp16.safetensors", hasTokenizer: false);
        var tokenizer = _folder.Tokenizer("models/Wan-AI/Wan2.1-T2V-1.3B/google/umt5-xxl/spiece.model");

        var parts = _folder.Find(_folder[$"models/{transformer}"]);

        Assert.Equal((vae, text, tokenizer), (parts.VaePath, parts.TextEncoderPath, parts.TokenizerPath));
    }

    [Fact]
    public void Digest_ThroughLinks_IsThatOfTheFilesAndItsProgressEndsAtOne()
    {
        Cache("snapshot");
        using var linked = WanModel.Open(_folder["snapshot"]);
        var shares = new List<double>();
        var digest = linked.ReadDigest(new Recorder(shares), TestContext.Current.CancellationToken);
        Assert.Equal(1, shares.Max(), 1e-9);

        _folder.Transformer("real/diffusion_pytorch_model.safetensors");
        _folder.Vae("real/Wan2.1_VAE.safetensors");
        _folder.TextEncoder("real/models_t5_umt5-xxl-enc-bf16.safetensors");
        using var real = WanModel.Open(_folder["real"]);
        Assert.Equal(real.Digest, digest);
    }

    [Theory]
    [InlineData("f32", "a/long/way/to/f16")]
    [InlineData("a/long/way/to/f32", "f16")]
    public void Find_AmongLinks_TakesTheLargestFileNotTheLongestLink(string large, string small)
    {
        _folder.Transformer("models/diffusion_models/wan.safetensors");
        _folder.TextEncoder("models/text_encoders/umt5.safetensors");
        var whole = _folder.Vae($"{large}.safetensors");
        _folder.Vae(
            $"{small}.safetensors",
            tensors =>
            {
                foreach (var (name, tensor) in tensors.ToList())
                {
                    tensors[name] = _folder.Keep(tensor.ConvertTo(DType.F16));
                }
            }
        );
        var link = _folder.Link("models/vae/wan_2.1_vae_fp32.safetensors", $"{large}.safetensors");
        _folder.Link("models/vae/wan_2.1_vae_fp16.safetensors", $"{small}.safetensors");

        Assert.Equal(FileFacts.RealPath(whole), FileFacts.RealPath(_folder.Find("models").VaePath));
        Assert.True(File.Exists(link));
    }

    [Fact]
    public void Find_LinksToFoldersAndInCircles_IsFoundOnce()
    {
        _folder.Transformer("disk/models/diffusion_models/wan.safetensors");
        _folder.Vae("disk/models/vae/wan_2.1_vae.safetensors");
        _folder.TextEncoder("disk/models/text_encoders/umt5.safetensors");
        _folder.Link("ui/models", "disk/models");
        _folder.Link("disk/models/diffusion_models/again", "disk/models");
        _folder.Link("disk/models/unet/same.safetensors", "disk/models/diffusion_models/wan.safetensors");
        Assert.Equal("ui/models/diffusion_models/wan.safetensors", _folder.Relative(_folder.Find(_folder["ui"]).TransformerPath));
    }

    [Fact]
    public void Find_LinkToAFileOfACollection_FindsThePartsThere()
    {
        _folder.Transformer("collection/diffusion_models/wan.safetensors");
        _folder.Vae("collection/vae/wan_2.1_vae.safetensors");
        _folder.TextEncoder("collection/text_encoders/umt5.safetensors");
        var link = _folder.Link("favourites/mine.safetensors", "collection/diffusion_models/wan.safetensors");
        Assert.Equal(_folder["collection/vae/wan_2.1_vae.safetensors"], _folder.Find(link).VaePath);
    }

    [Theory]
    [InlineData("diffusion_pytorch_model.fp16-0000{0}-of-00002.safetensors", "diffusion_pytorch_model.safetensors.index.fp16.json")]
    [InlineData("diffusion_pytorch_model-0000{0}-of-00002.safetensors", "diffusion_pytorch_model.safetensors.index.json")]
    [InlineData("diffusion_pytorch_model-0000{0}-of-00002.safetensors", null)]
    public void Find_DiffusersShards_AreReadTogether(string shard, string? index)
    {
        Diffusers();
        var halves = _folder.Networks.Transformer.Index().GroupBy(pair => pair.Index % 2, pair => pair.Item).ToList();
        var map = new List<string>();
        foreach (var half in halves)
        {
            var name = string.Format(System.Globalization.CultureInfo.InvariantCulture, shard, half.Key + 1);
            _folder.Write($"transformer/{name}", half.ToDictionary());
            map.AddRange(half.Select(pair => $"\"{pair.Key}\":\"{name}\""));
        }

        if (index is not null)
        {
            _folder.Text($"transformer/{index}", $$$"""{"weight_map":{{{{string.Join(",", map)}}}}}""");
        }

        using var model = WanModel.Open(_folder.Path);
        Assert.Equal("wan2.1-t2v-1.3b", model.Name);
    }

    [Fact]
    public void Find_DiffusersVariants_TakesThePlainOneAndAVariantThatIsAlone()
    {
        Diffusers();
        var half = _folder.Transformer("transformer/diffusion_pytorch_model.fp16.safetensors");
        Assert.Equal(half, _folder.Find(_folder.Path).TransformerPath);
        var plain = _folder.Transformer("transformer/diffusion_pytorch_model.safetensors");
        Assert.Equal(plain, _folder.Find(_folder.Path).TransformerPath);
        Assert.Equal(half, _folder.Find(half).TransformerPath);
        File.Copy(plain, _folder["transformer/diffusion_pytorch_model.bin"]); // its contents count, not its name
        Assert.Equal(plain, _folder.Find(_folder.Path).TransformerPath);
        _folder.Transformer("transformer/wan.gguf");
        Assert.Contains("2 transformers", _folder.Refusal(_folder.Path), StringComparison.Ordinal);
    }

    private void Diffusers()
    {
        _folder.TextEncoder("text_encoder/model.safetensors");
        _folder.Vae("vae/diffusion_pytorch_model.safetensors");
        _folder.Text("model_index.json", "{}");
    }

    /// <summary>An official folder of links to blobs, as Hugging Face's tools make it.</summary>
    private void Cache(string snapshot)
    {
        var repository = snapshot.IndexOf("/snapshots", StringComparison.Ordinal);
        var blobs = repository < 0 ? "blobs" : $"{snapshot[..repository]}/blobs";
        File.Move(_folder.Transformer($"{blobs}/x.safetensors"), _folder[$"{blobs}/0"]);
        File.Move(_folder.Vae($"{blobs}/x.safetensors"), _folder[$"{blobs}/1"]);
        File.Move(_folder.TextEncoder($"{blobs}/x.safetensors"), _folder[$"{blobs}/2"]);
        _folder.Link($"{snapshot}/diffusion_pytorch_model.safetensors", $"{blobs}/0");
        _folder.Link($"{snapshot}/Wan2.1_VAE.safetensors", $"{blobs}/1");
        _folder.Link($"{snapshot}/models_t5_umt5-xxl-enc-bf16.safetensors", $"{blobs}/2");
    }

    private sealed class Recorder(List<double> shares) : IProgress<double>
    {
        public void Report(double value)
        {
            lock (shares)
            {
                shares.Add(value);
            }
        }
    }
}
