using WanSharp.Models.Layout;
using WanSharp.Models.Tests.Layout;
using WanSharp.Models.Text;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Detection;

/// <summary>Files that hold no network which can be used are named: what they are, and what to do.</summary>
public sealed class OtherFilesTests : IDisposable
{
    private readonly TinyFolder _folder = new("wan2.1-t2v-1.3b");
    private readonly Tensor _any;

    public OtherFilesTests() => _any = _folder.Keep(Tensor.CopyOf<float>([2, 2], [1, 2, 3, 4]));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a LoRA,", "diffusion_model.blocks.0.self_attn.q.lora_A.weight")]
    [InlineData("a LoRA,", "lora_unet_blocks_0_self_attn_q.lora_down.weight")]
    [InlineData("a LoRA,", "transformer.blocks.0.attn1.to_q.lora_B.default.weight")]
    [InlineData("a LoRA,", "transformer.blocks.0.attn1.processor.to_q_lora.up.weight")]
    [InlineData("a LoRA,", "blocks.0.self_attn.q.lora.down.weight")]
    [InlineData("a LoRA,", "diffusion_model.blocks.0.self_attn.q.lora_B")]
    [InlineData("kind LoKr", "blocks.0.self_attn.q.lokr_w1_a")]
    [InlineData("kind BOFT", "blocks.0.self_attn.q.boft_R")]
    [InlineData("kind GLoRA", "diffusion_model.blocks.0.self_attn.q.a1.weight")]
    [InlineData("kind IA3", "lycoris_blocks_0_self_attn_q.on_input")]
    [InlineData("a set of weights", "diffusion_model.blocks.0.self_attn.q.set_weight")]
    [InlineData("a VAE of Stable Diffusion", "quant_conv.weight")]
    [InlineData("a VAE of Stable Diffusion or Flux", "encoder.conv_in.weight", "decoder.mid.block_1.conv1.weight")]
    [InlineData("Ovi", "video_model.blocks.0.self_attn.q.weight", "audio_model.blocks.0.self_attn.q.weight")]
    [InlineData("Z-Image", "cap_embedder.1.weight")]
    [InlineData("SAM 2", "sam_mask_decoder.conv_s0.weight")]
    [InlineData("SigLIP", "vision_model.embeddings.patch_embedding.weight", "vision_model.head.probe")]
    [InlineData("ControlNet", "controlnet_blocks.0.weight")]
    [InlineData("an upscaler", "model.1.sub.0.RDB1.conv1.0.weight")]
    [InlineData("RIFE", "block0.conv0.0.0.weight")]
    [InlineData("optimizer alone", "optimizer.state.0.exp_avg")]
    [InlineData("kind LoKr", "lycoris_blocks_0_self_attn_q.lokr_w1", "lycoris_blocks_0_self_attn_q.alpha")]
    [InlineData("kind LoKr", "diffusion_model.blocks.0.self_attn.q.lokr_w2")]
    [InlineData("kind LoHa", "diffusion_model.blocks.0.self_attn.q.hada_w1_a")]
    [InlineData("kind OFT", "blocks.0.self_attn.q.oft_blocks")]
    [InlineData("differences", "diffusion_model.blocks.0.norm3.diff", "diffusion_model.blocks.0.self_attn.q.diff_b")]
    [InlineData("VACE module alone", "vace_patch_embedding.weight", "vace_blocks.0.before_proj.weight")]
    [InlineData("FantasyTalking", "blocks.0.cross_attn.processor.k_proj.weight", "proj_model.proj.weight")]
    [InlineData("MultiTalk", "blocks.0.audio_cross_attn.q_linear.weight", "audio_proj.proj1.weight")]
    [InlineData("Uni3C", "controlnet_patch_embedding.weight")]
    [InlineData("UniAnimate", "dwpose_embedding.0.weight")]
    [InlineData("adapter for images", "ip_adapter.0.to_k.weight")]
    [InlineData("wav2vec2", "wav2vec2.encoder.layers.0.attention.q_proj.weight")]
    [InlineData("TAEHV", "decoder.1.weight", "decoder.3.conv.0.weight", "decoder.22.weight")]
    [InlineData("super", "decoder.0.weight", "decoder.1.conv.0.weight", "decoder.1.conv.3.weight")]
    [InlineData("Flux", "double_blocks.0.img_attn.qkv.weight")]
    [InlineData("Stable Diffusion", "model.diffusion_model.input_blocks.0.0.weight")]
    public void Read_OtherKindsOfFiles_AreNamed(string called, params string[] names)
    {
        var file = NetworkFile.Read(_folder.Write("file.safetensors", names.ToDictionary(name => name, _ => _any)));
        Assert.False(file.IsKnown);
        Assert.Contains(called, file.Problem, StringComparison.Ordinal);
        Assert.Contains(called, _folder.Refusal(file.Path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("give it with --lora", "diffusion_model.blocks.0.self_attn.q.lora_A.weight")]
    [InlineData("give it with --lora", "lora_unet_blocks_0_self_attn_q.lokr_w1")]
    [InlineData("give it with --lora", "diffusion_model.blocks.0.self_attn.q.diff_b")]
    [InlineData("not supported: merge it", "blocks.0.self_attn.q.oft_R.weight")]
    [InlineData("not supported: merge it", "diffusion_model.blocks.0.self_attn.q.set_weight")]
    [InlineData("LyCORIS' scalar", "lycoris_blocks_0_self_attn_q.lokr_w1", "lycoris_blocks_0_self_attn_q.scalar")]
    public void Read_ALora_SaysHowItIsGiven(string way, params string[] names)
    {
        var problem = NetworkFile.Read(_folder.Write("file.safetensors", names.ToDictionary(name => name, _ => _any))).Problem;
        Assert.Contains(way, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("are supported", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a LoRA, 2 layers of ranks 2 to 4, ComfyUI's names; for --lora", "diffusion_model.a.lora_A", "diffusion_model.b.lora_A")]
    [InlineData("a LoRA of the kind LoKr, 1 layer, LyCORIS' names; for --lora", "lycoris_a.lokr_w1")]
    [InlineData(null, "a.oft_R.weight")]
    [InlineData(null, "model.layers.0.weight")]
    public void Read_ALora_SaysWhatItIs(string? expected, params string[] names)
    {
        var tensors = names.Index().ToDictionary(one => one.Item, one => _folder.Keep(Tensor.Zeros(DType.F32, [2 * (one.Index + 1), 4])));

        Assert.Equal(expected, NetworkFile.Read(_folder.Write("lora.safetensors", tensors)).Lora);
    }

    [Theory]
    [InlineData("Wan2_1-T2V-1_3B_FlashVSR_fp32.safetensors")]
    [InlineData("FlashVSR/diffusion_pytorch_model_streaming_dmd.safetensors")]
    [InlineData("models--JunhaoZhuang--FlashVSR/snapshots/0a1b/diffusion_pytorch_model.safetensors")]
    public void Read_ATransformerThatOnlyItsNameTells_IsRefused(string name)
    {
        var file = NetworkFile.Read(_folder.Transformer(name));
        Assert.Null(file.Transformer);
        Assert.Contains("FlashVSR, which enlarges clips", file.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("diffusion_models/Phantom-Wan-1_3B_fp16.safetensors", "Phantom: its reference images")]
    [InlineData("ChronoEdit/Wan2_1-14B-I2V_ChronoEdit_fp8.safetensors", "ChronoEdit: it was made to edit")]
    [InlineData("HoloCine_dit/full.safetensors", "HoloCine: its several shots")]
    [InlineData("SkyReels-A2/diffusion_pytorch_model.safetensors", "SkyReels-A2: its reference images")]
    [InlineData("diffusion_models/Wan2_1-SkyReels-V2-DF-14B-540P_fp8_e4m3fn.safetensors", "SkyReels V2 or V3: its longer clips")]
    [InlineData("diffusion_models/Wan2_1_mocha-14B-preview_fp8_scaled_KJ.safetensors", "MoCha: its video and mask")]
    [InlineData("Yume-I2V-540P/diffusion_pytorch_model.safetensors", "Yume: its walks")]
    [InlineData("diffusion_models/self_forcing_dmd.safetensors", "clips in chunks")]
    [InlineData("LongLive-1.3B/longlive_base.safetensors", "clips in chunks")]
    [InlineData("diffusion_models/krea-realtime-video-14b.safetensors", "clips in chunks")]
    [InlineData("diffusion_models/Wan2_1-T2V-14B_CausVid_fp8.safetensors", "clips in chunks")]
    [InlineData("diffusion_models/Wan2_1-T2V-1_3B_fp16.safetensors", null)]
    public void Find_ATransformerThatPromisesMore_SaysWhatIsLeftOut(string name, string? expected)
    {
        var notes = _folder.Comfy().Find(_folder.Transformer(name)).Notes;
        Assert.Equal(expected is null ? 0 : 1, notes.Count);
        Assert.All(notes, note => Assert.Contains(expected!, note, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_AVideoVaeOfAnotherFamily_IsNoVaeOfPictures()
    {
        var tensors = new Dictionary<string, Tensor> { ["quant_conv.weight"] = _any.Reshape([2, 2, 1, 1, 1]) };
        Assert.Contains(
            "a VAE for video of another family",
            NetworkFile.Read(_folder.Write("vae.safetensors", tensors)).Problem,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Read_PatchesInMlxsLayout_SaysSo()
    {
        var tensors = new Dictionary<string, Tensor>(_folder.Networks.Transformer);
        var patch = tensors["patch_embedding.weight"];
        tensors["patch_embedding.weight"] = patch.Reshape([patch.Shape[0], 1, 2, 2, patch.Shape[1]]);
        Assert.Contains("as MLX has them", NetworkFile.Read(_folder.Write("m.safetensors", tensors)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_APipe_IsNotWaitedFor()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It has no pipes in folders.");
        var path = _folder["pipe.safetensors"];
        using var made = System.Diagnostics.Process.Start("mkfifo", [path]);
        made.WaitForExit();
        Assert.Contains("a pipe", NetworkFile.Read(path).Problem, StringComparison.Ordinal);
        Assert.Contains(
            "is a pipe",
            Assert.ThrowsAny<Exception>(() => SentencePieceTokenizer.Load(path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Read_AnEmptyDescription_SaysThatItIsEmpty()
    {
        _folder.Text("config.json", "");
        var file = NetworkFile.Read(_folder.Transformer("model.safetensors"));
        Assert.Contains("config.json: it is empty", file.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AVaesDecoderAlone_IsCalledThat()
    {
        var decoder = _folder
            .Networks.Vae.Where(pair => !pair.Key.StartsWith("encoder.", StringComparison.Ordinal))
            .Where(pair => !pair.Key.StartsWith("conv1.", StringComparison.Ordinal))
            .ToDictionary();
        var problem = NetworkFile.Read(_folder.Write("wan_vae_decoder.safetensors", decoder)).Problem;
        Assert.Contains("it is a Wan VAE without 'encoder.conv1.weight'", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WithoutColumnsWhereNetworksHaveSome_IsAProblemOfTheFileAlone()
    {
        var empty = _folder.Keep(Tensor.Zeros(DType.F32, [64, 0, 1, 1]));
        string[] names =
        [
            "decoder.1.weight",
            "decoder.3.conv.0.weight",
            "decoder.3.conv.2.weight",
            "decoder.7.conv.weight",
            "decoder.8.weight",
            "decoder.22.weight",
        ];
        var file = NetworkFile.Read(_folder.Write("taew2_1.safetensors", names.ToDictionary(name => name, _ => empty)));
        Assert.NotNull(file.Problem);
    }

    [Theory]
    [InlineData("SkyReels V2", "fps_embedding.weight", "fps_projection.0.weight")]
    [InlineData("SteadyDancer", "patch_embedding_fuse.weight")]
    [InlineData("VACE", "vace_patch_embedding.weight")]
    [InlineData("SLA", "blocks.0.self_attn.attn_op.local_attn.proj_l.weight")]
    [InlineData("fused", "blocks.0.attn1.to_qkv.weight", "blocks.0.attn2.to_kv.weight")]
    [InlineData("VSA", "blocks.1.to_gate_compress.weight")]
    [InlineData("InfiniteTalk", "blocks.1.audio_cross_attn.q_linear.weight")]
    [InlineData("LoRA", "blocks.1.self_attn.q.lora_A.weight")]
    [InlineData("LoRA", "blocks.1.self_attn.q.lora_up.weight")]
    [InlineData("'blocks.1.self_attn.mystery.weight'", "blocks.1.self_attn.mystery.weight")]
    [InlineData("'blocks.1.cross_attn.logit_scale'", "blocks.1.cross_attn.logit_scale")]
    [InlineData("'mystery' : it belongs to nothing", "mystery")]
    [InlineData("'mystery.scaled_fp8'", "mystery.scaled_fp8")]
    [InlineData("'mystery.spiece_model'", "mystery.spiece_model")]
    [InlineData("'mystery.logit_scale'", "mystery.logit_scale")]
    [InlineData("'logit_scale'", "logit_scale")]
    [InlineData("'step.weight'", "step.weight")]
    [InlineData("it and 1 more belong to nothing", "mystery", "riddle.weight")]
    public void Read_ATransformerWithMore_IsRefusedAndNamed(string called, params string[] more)
    {
        var tensors = new Dictionary<string, Tensor>(_folder.Networks.Transformer);
        Array.ForEach(more, name => tensors.Add(name, _any));
        var file = NetworkFile.Read(_folder.Write("file.safetensors", tensors));
        Assert.Null(file.Transformer);
        Assert.Contains(called.Replace(" :", ":", StringComparison.Ordinal), file.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file.safetensors", "patch_embedding.weight", "a Wan transformer without 'patch_embedding.weight': it is a part")]
    [InlineData("file.safetensors", "head.modulation", "a Wan transformer without 'head.modulation'")]
    [InlineData("file.safetensors", "blocks.0.ffn.0.weight", "a Wan transformer without 'blocks.0.ffn.0.weight'")]
    public void Read_ATransformerThatLacksWhatTellsIt_IsNamed(string name, string lost, string called)
    {
        foreach (var rename in new Func<string, string>[] { key => key, key => "net." + key, OtherTools.DiffusersTransformer })
        {
            var tensors = _folder
                .Networks.Transformer.Where(pair => pair.Key != lost)
                .ToDictionary(pair => rename(pair.Key), pair => pair.Value);
            Assert.Contains(called, NetworkFile.Read(_folder.Write(name, tensors)).Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_AFileOfSeveralNetworksAndMore_IsRefused()
    {
        var all = _folder
            .Networks.Transformer.Select(pair => ("model.diffusion_model." + pair.Key, pair.Value))
            .Concat(_folder.Networks.Vae.Select(pair => ("vae." + pair.Key, pair.Value)))
            .ToDictionary();
        all["vae.scaled_fp8"] = _any;
        foreach (var (name, tensor) in _folder.Networks.Text)
        {
            all["text_encoders.umt5xxl.transformer." + OtherTools.TransformersText(name)] = tensor;
        }

        all["text_encoders.umt5xxl.logit_scale"] = _any;
        all["text_encoders.umt5xxl.scaled_fp8"] = _any;
        all["text_encoders.spiece_model"] = _any;
        Assert.Null(NetworkFile.Read(_folder.Write("all.safetensors", all)).Problem);

        all["text_encoders.clip.logit_scale"] = _any;
        Assert.Contains(
            "'text_encoders.clip.logit_scale'",
            NetworkFile.Read(_folder.Write("all.safetensors", all)).Problem,
            StringComparison.Ordinal
        );
        all.Remove("text_encoders.clip.logit_scale");

        all["audio_tower.weight"] = _any;
        var file = NetworkFile.Read(_folder.Write("all.safetensors", all));
        Assert.Equal((false, true), (file.IsKnown, file.Problem!.Contains("'audio_tower.weight'", StringComparison.Ordinal)));

        all.Remove("audio_tower.weight");
        all["vae.decoder.upscaler.weight"] = _any;
        file = NetworkFile.Read(_folder.Write("all.safetensors", all));
        Assert.Equal((true, true), (file.Transformer is not null, file.Vae is null));
        Assert.Contains("upscaler", file.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".crdownload")]
    [InlineData(".part")]
    [InlineData(".incomplete")]
    public void Find_ADownloadUnderWay_SaysSo(string ending)
    {
        _folder.Comfy();
        var path = _folder.Transformer("diffusion_models/wan.safetensors");
        File.Move(path, path + ending);
        Assert.Contains($"wan.safetensors{ending} is there instead", NetworkFile.Read(path).Problem, StringComparison.Ordinal);
        Assert.Contains($"The download of {path}{ending} is not complete", _folder.Refusal(_folder.Path), StringComparison.Ordinal);
    }

    /// <summary>Hugging Face's programs keep parts of files in a hidden folder, or among the cache's blobs.</summary>
    [Theory]
    [InlineData("model/.cache/huggingface/download/transformer/qWx.0a1b.incomplete", "model")]
    [InlineData("models--o--m/blobs/0a1b.incomplete", "models--o--m/snapshots/c0")]
    [InlineData("models--o--m/blobs/0a1b.incomplete", "models--o--m")]
    public void Find_AFolderThatHuggingFaceHasNotFinished_SaysSo(string part, string folder)
    {
        _folder.Text(part, "");
        _folder.TextEncoder($"{(folder == "model" ? folder : "models--o--m/snapshots/c0")}/text_encoder/model.safetensors");
        _folder.Text("models--o--m/refs/main", "c0");

        var message = _folder.Refusal(folder);

        Assert.Contains($"The download of {_folder[part]} is not complete: run it again", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AShardThatHuggingFaceHasNotFinished_SaysSo()
    {
        var part = _folder.Text("model/.cache/huggingface/download/0a1b.incomplete", "");
        var index = _folder.Text(
            "model/transformer/model.safetensors.index.json",
            """{"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}"""
        );

        Assert.Contains($"the download is not complete: {part} is a part of it", NetworkFile.Read(index).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_AFolderWithoutAnyFileOfADownload_SaysSo()
    {
        var part = _folder.Text("model/.cache/huggingface/download/0a1b.incomplete", "");

        var wrong = Assert.Throws<CheckpointException>(() => new ModelLocator([]).Find(_folder["model"]));

        Assert.Contains($"{part} is a part of it: run it again", wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>One hole takes many biases, which writers put together; a role that has none anywhere is as it was made.</summary>
    [Theory]
    [InlineData("blocks.1.ffn.0.bias", "but not in other blocks")]
    [InlineData(".bias", "as all biases are")]
    [InlineData(".ffn.0.bias", null)]
    public void Read_BiasesThatAreZero_AreThoseOfADamagedFileOrOfAll(string ending, string? expected)
    {
        var tensors = _folder.Networks.Transformer.ToDictionary(
            pair => pair.Key,
            pair =>
                pair.Key.EndsWith(ending, StringComparison.Ordinal) ? _folder.Keep(Tensor.Zeros(DType.F32, pair.Value.Shape)) : pair.Value
        );
        var problem = NetworkFile.Read(_folder.Write("file.safetensors", tensors)).Problem;
        Assert.Equal(expected is null, problem is null);
        Assert.Contains(expected ?? "", problem ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ZerosWhereWeightsShouldBe_IsAnUnfinishedDownload()
    {
        var path = _folder.Transformer("file.safetensors");
        var length = new FileInfo(path).Length;
        using (var file = File.OpenWrite(path))
        {
            file.Position = length / 2;
            file.Write(new byte[length - file.Position]);
        }

        Assert.Contains("the download is not complete", NetworkFile.Read(path).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4548313\n", "git lfs pull")]
    [InlineData("<!DOCTYPE html><html>404</html>", "a web page: download the file again")]
    public void Read_SmallFilesThatWereNotDownloaded_AreNamed(string text, string expected)
    {
        var path = _folder.Transformer("file.safetensors");
        foreach (var name in new[] { "spiece.model", "tokenizer.json", "config.json", "other.safetensors.index.json" })
        {
            File.WriteAllText(_folder[name], text);
        }

        Assert.Contains(expected, NetworkFile.Read(path).Problem, StringComparison.Ordinal);
        Assert.Contains(expected, NetworkFile.Read(_folder["other.safetensors.index.json"]).Problem, StringComparison.Ordinal);
        foreach (var tokenizer in new[] { "spiece.model", "tokenizer.json" })
        {
            var error = Assert.Throws<InvalidDataException>(() => SentencePieceTokenizer.Load(_folder[tokenizer]));
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
    }
}
