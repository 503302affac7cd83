using WanSharp.Tensors;

namespace WanSharp.Models.Tests.Layout;

/// <summary>A part is taken by its whole shape, Wan's own before others, and by name where that is not enough.</summary>
public sealed class CompanionTests
{
    [Fact]
    public void Find_T5BesideUmt5_IsNotTakenAndCalledT5()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        folder.Transformer("diffusion_models/wan2.1_t2v.safetensors");
        folder.Vae("vae/wan_2.1_vae.safetensors");
        var own = folder.TextEncoder("text_encoders/umt5_xxl_fp8_e4m3fn_scaled.safetensors");
        var t5 = folder.TextEncoder(
            "clip/t5xxl_fp16.safetensors",
            hasTokenizer: false,
            tensors => AddBlock(folder, tensors, hasPositions: false)
        );

        Assert.Equal(own, folder.Find(folder.Path).TextEncoderPath);
        var (file, problem) = (new ModelFinder().Read(t5), new ModelFinder().Read(t5).Problem);
        Assert.Null(file.TextEncoder);
        Assert.Contains("it is a T5 encoder", problem, StringComparison.Ordinal);
        File.Delete(own);
        Assert.Contains("it is a T5 encoder", folder.Refusal(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Find_TextEncoderWithSeveralBlocks_HasPositionsInEach()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        var file = folder.TextEncoder("umt5.safetensors", change: tensors => AddBlock(folder, tensors, hasPositions: true));
        Assert.Equal(2, new ModelFinder().Read(file).TextEncoder!.Layers);
    }

    [Fact]
    public void Find_VaeOfOtherPixels_IsNotTakenAndRefusedByName()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b").Comfy();
        folder.Transformer("diffusion_models/wan.safetensors");
        var head = folder.Networks.Vae["decoder.head.2.weight"].Shape;
        var upscale = folder.Vae(
            "vae/Wan2.1_VAE_upscale2x.safetensors",
            tensors =>
            {
                tensors["decoder.head.2.weight"] = folder.Keep(Tensor.Zeros(DType.F32, Shape.Create([12, .. head.Dims[1..]])));
                tensors["decoder.head.2.bias"] = folder.Keep(Tensor.Zeros(DType.F32, [12]));
            }
        );

        Assert.Equal(folder["vae/wan_2.1_vae.safetensors"], folder.Find(folder.Path).VaePath);
        var message = folder.Refusal(folder.Path, new NamedParts { Vae = upscale });
        Assert.Contains("--decoder", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lightvaew2_1.safetensors")]
    [InlineData("Wan2.1_VAE_finetune.safetensors")]
    [InlineData("my_vae_v2.safetensors")]
    public void Find_WansOwn_GoesBeforeALargerStranger(string stranger)
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b").Comfy();
        folder.Transformer("diffusion_models/wan.safetensors");
        Larger(folder, $"vae/{stranger}");
        Assert.Equal(folder["vae/wan_2.1_vae.safetensors"], folder.Find(folder.Path).VaePath);

        var byName = new NamedParts { Vae = stranger.ToUpperInvariant() }; // whatever its case
        Assert.Equal(folder[$"vae/{stranger}"], folder.Find(folder.Path, byName).VaePath);
    }

    [Theory]
    [InlineData("Wan2_1_VAE_fp32.safetensors")]
    [InlineData("wan_2.1_vae_bf16.safetensors")]
    public void Find_OwnInSeveralPrecisions_TakesTheLargest(string larger)
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b").Comfy();
        folder.Transformer("diffusion_models/wan.safetensors");
        Larger(folder, $"vae/{larger}");
        Assert.Equal(folder[$"vae/{larger}"], folder.Find(folder.Path).VaePath);
    }

    [Fact]
    public void Find_SeveralStrangers_ListsThemAndTheOption()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        folder.Transformer("diffusion_models/wan.safetensors");
        folder.TextEncoder("text_encoders/umt5.safetensors");
        string[] vaes = [folder.Vae("vae/anime_vae.safetensors"), folder.Vae("vae/real_vae.safetensors")];
        var message = folder.Refusal(folder.Path);
        Assert.All(vaes.Append("--vae"), part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.Equal(vaes[1], folder.Find(folder.Path, new NamedParts { Vae = vaes[1] }).VaePath);
        Assert.Equal(vaes[0], folder.Find(folder.Path, new NamedParts { Vae = "anime_vae" }).VaePath);
    }

    [Theory]
    [InlineData("vae/qwen_image_vae.safetensors")]
    [InlineData("vae/Qwen-Image/diffusion_pytorch_model.safetensors")]
    [InlineData("vae/Qwen-Image/image_vae.safetensors")]
    [InlineData("vae/QwenImage/vae.safetensors")]
    public void Find_AnotherFamilysVaeOfTheSameShape_IsTakenOnlyByName(string file)
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        folder.Transformer("diffusion_models/wan.safetensors");
        folder.TextEncoder("text_encoders/umt5.safetensors");
        var other = folder.Vae(file);
        var message = folder.Refusal(folder.Path);
        Assert.Contains(
            $"{other} has the shape, but its name or description says that it belongs to another model",
            message,
            StringComparison.Ordinal
        );
        Assert.Equal(other, folder.Find(folder.Path, new NamedParts { Vae = other }).VaePath);
    }

    /// <summary>A collection has the part of another model further away.</summary>
    [Theory]
    [InlineData("vae/wan_2.1_vae.safetensors", true)]
    [InlineData("vae/Wan2_1_VAE_bf16.safetensors", false)]
    [InlineData("vae/diffusion_pytorch_model.safetensors", false)]
    public void Find_APartThatIsBroken_IsNotReplacedByOneFurtherAway(string vae, bool isExtended)
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b").Comfy();
        folder.Transformer("mine/diffusion_models/wan.safetensors");
        var broken = isExtended
            ? folder.Vae($"mine/{vae}", tensors => tensors["decoder.refiner.weight"] = folder.Keep(Tensor.Zeros(DType.F32, [4, 4])))
            : folder.Text($"mine/{vae}", "version https://git-lfs.github.com/spec/v1\noid sha256:e9\nsize 4548313\n");

        var message = folder.Refusal("mine");

        Assert.StartsWith($"{broken}: it is the nearest VAE, and cannot be used: ", message, StringComparison.Ordinal);
        Assert.Contains("--vae", message, StringComparison.Ordinal);
        var other = new NamedParts { Vae = folder["vae/wan_2.1_vae.safetensors"] };
        Assert.Equal(other.Vae, folder.Find("mine", other).VaePath);
        var stranger = folder.Vae("mine/vae/my-colours.safetensors");
        Assert.Contains($"name another with --vae, such as {stranger}", folder.Refusal("mine"), StringComparison.Ordinal);
        var own = folder.Vae("mine/vae/wan_vae.safetensors");
        Assert.Equal(own, folder.Find("mine").VaePath); // a whole one next to it
    }

    [Fact]
    public void Find_APartThatIsStillDownloaded_IsNotReplacedByAStrangers()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        folder.Transformer("diffusion_models/wan.safetensors");
        folder.TextEncoder("text_encoders/umt5.safetensors");
        folder.Vae("vae/my-colours.safetensors");
        folder.Text("vae/wan_2.1_vae.safetensors.crdownload", "");

        Assert.Contains("its download is not complete", folder.Refusal(folder.Path), StringComparison.Ordinal);

        var own = folder.Vae("vae/wan_2.1_vae.safetensors");
        Assert.Equal(own, folder.Find(folder.Path).VaePath);
    }

    [Fact]
    public void Find_ATextEncoderThatIsBroken_IsNotReplacedByOneFurtherAway()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b").Comfy();
        folder.Transformer("mine/diffusion_models/wan.safetensors");
        folder.Text("mine/text_encoders/t5xxl_fp16.safetensors", "<html>"); // another family's
        Assert.Equal(folder["text_encoders/umt5_xxl_fp16.safetensors"], folder.Find("mine").TextEncoderPath);

        folder.TextEncoder("mine/text_encoders/umt5_xxl_int8.safetensors", change: Unscaled);

        Assert.Contains("it is the nearest text encoder (umT5), and cannot be used: ", folder.Refusal("mine"), StringComparison.Ordinal);

        void Unscaled(Dictionary<string, Tensor> tensors)
        {
            const string Matrix = "blocks.0.attn.q.weight";
            tensors[Matrix] = folder.Keep(Tensor.Zeros(DType.I8, tensors[Matrix].Shape));
        }
    }

    [Theory]
    [InlineData("umt5", true)]
    [InlineData("T5-XXL", true)]
    [InlineData("google_mt5_xl", true)]
    [InlineData("MyClip", true)]
    [InlineData("clips", true)]
    [InlineData("shot5", false)]
    [InlineData("t50", false)]
    [InlineData("9Tt5Py", false)]
    [InlineData("eclipse", false)]
    public void Find_InAFolderNextToTheModels_GoesByWordsOfItsName(string name, bool isSearched)
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        folder.Transformer("mine/diffusion_models/wan.safetensors");
        folder.Vae("mine/vae/wan_2.1_vae.safetensors");
        var encoder = folder.TextEncoder($"{name}/enc.safetensors");
        if (isSearched)
        {
            Assert.Equal(encoder, folder.Find("mine").TextEncoderPath);
        }
        else
        {
            Assert.StartsWith($"{folder["mine"]}: no text encoder (umT5) ", folder.Refusal("mine"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Find_InAFolderThatIsAnotherModels_TakesNothing()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b").Comfy("vae-upscale");
        folder.Transformer("vae-upscale/diffusion_models/wan.safetensors");
        folder.Transformer("mine/diffusion_models/wan.safetensors");
        folder.TextEncoder("mine/text_encoders/umt5_xxl_fp16.safetensors");
        folder.TextEncoder("other/text_encoders/umt5_xxl_fp16.safetensors");

        Assert.Contains("no VAE of 16 latent channels was found", folder.Refusal("mine"), StringComparison.Ordinal);
        Assert.Equal(folder["vae-upscale/vae/wan_2.1_vae.safetensors"], folder.Find("vae-upscale").VaePath);
    }

    [Fact]
    public void Find_PartsThatAreNamed_AreTakenFromAnywhere()
    {
        using var folder = new TinyFolder("wan2.1-i2v-14b-480p").Comfy();
        var transformer = folder.Transformer("diffusion_models/wan.safetensors");
        Assert.Contains("--clip", folder.Refusal(transformer), StringComparison.Ordinal);
        var named = new NamedParts
        {
            TextEncoder = folder.TextEncoder("elsewhere/text.safetensors", hasTokenizer: false),
            Vae = folder.Vae("elsewhere/v/pixels.safetensors"),
            VisionEncoder = folder.Write("elsewhere/eyes.safetensors", folder.Networks.Vision!),
            Tokenizer = folder.Tokenizer("elsewhere/words/spiece.model"),
        };
        var parts = folder.Find(transformer, named);
        Assert.Equal(
            named,
            new NamedParts
            {
                TextEncoder = parts.TextEncoderPath,
                Vae = parts.VaePath,
                VisionEncoder = parts.VisionEncoder!.Value.Path,
                Tokenizer = parts.TokenizerPath,
            }
        );
        var byFolder = named with { Vae = folder["elsewhere/v"], Tokenizer = folder["elsewhere/words"] };
        Assert.Equal(named.Vae, folder.Find(transformer, byFolder).VaePath);
        Assert.Contains("it holds no VAE", folder.Refusal(transformer, named with { Vae = named.VisionEncoder }), StringComparison.Ordinal);
        Assert.Contains(
            "no such file",
            folder.Refusal(transformer, named with { VisionEncoder = "nothing.safetensors" }),
            StringComparison.Ordinal
        );

        using var model = WanModel.Open(transformer, named: named);
        using var found = WanModel.Open(transformer, named: named with { Vae = null });
        Assert.Equal(model.Digest, found.Digest); // equal files are one model, whoever chose them
        Assert.Contains("VAE elsewhere/v/pixels.safetensors", model.Parts.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void Find_ClipForAModelThatTakesNone_IsRefused()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b").Comfy();
        var transformer = folder.Transformer("wan.safetensors");
        Assert.Contains("leave out --clip", folder.Refusal(transformer, new NamedParts { VisionEncoder = "x" }), StringComparison.Ordinal);
    }

    [Fact]
    public void Find_TokenizerOfAnotherVocabulary_IsNotTaken()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        folder.Transformer("diffusion_models/wan.safetensors");
        folder.Vae("vae/wan_2.1_vae.safetensors");
        var encoder = folder.TextEncoder(
            "text_encoders/umt5.safetensors",
            hasTokenizer: false,
            tensors =>
            {
                tensors["token_embedding.weight"] = folder.Keep(Tensor.Zeros(DType.F32, [5000, 16]));
                tensors["token_embedding.weight"].Write<float>().Fill(1);
            }
        );
        var wrong = folder.Tokenizer("tokenizer/spiece.model");
        var message = folder.Refusal(folder.Path);
        Assert.Contains("the tokenizer has 275 pieces, but the text encoder knows 5000", message, StringComparison.Ordinal);
        Assert.Contains("--tokenizer", message, StringComparison.Ordinal);
        var named = new NamedParts { Tokenizer = wrong };
        Assert.Contains("belongs to another model", folder.Refusal(folder.Path, named), StringComparison.Ordinal);

        File.Delete(encoder);
        folder.TextEncoder("text_encoders/umt5.safetensors", hasTokenizer: false);
        Assert.Equal(wrong, folder.Find(folder.Path).TokenizerPath);
    }

    /// <summary>A folder of downloads above the model's may hold anybody's.</summary>
    [Fact]
    public void Find_TokenizerOutsideTheModelsFolder_ComesAfterTheTextEncodersOwn()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        folder.Transformer("wan/diffusion_models/wan.safetensors");
        folder.Vae("wan/vae/vae.safetensors");
        var encoder = folder.TextEncoder("wan/text_encoders/umt5.safetensors");
        var outside = folder.Tokenizer("spiece.model");
        Assert.Equal(encoder, folder.Find(folder["wan"]).TokenizerPath);

        File.Delete(encoder);
        folder.TextEncoder("wan/text_encoders/umt5.safetensors", hasTokenizer: false);
        Assert.Equal(outside, folder.Find(folder["wan"]).TokenizerPath);

        Assert.Equal(folder.Tokenizer("wan/tokenizer/spiece.model"), folder.Find(folder["wan"]).TokenizerPath);
    }

    [Fact]
    public void Find_TokenizerThatAnotherCheckpointCarries_IsTakenIfItFits()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        folder.Transformer("diffusion_models/wan.safetensors");
        folder.Vae("vae/wan_2.1_vae.safetensors");
        var named = folder.TextEncoder("text_encoders/enc-bf16.safetensors", hasTokenizer: false);
        var carrying = folder.TextEncoder("text_encoders/umt5_xxl_fp8.safetensors");
        Assert.Equal(carrying, folder.Find(folder.Path, new NamedParts { TextEncoder = named }).TokenizerPath);
    }

    private static void Larger(TinyFolder folder, string name) =>
        folder.Write(name, folder.Networks.Vae, new() { ["note"] = new string('x', 4096) });

    private static void AddBlock(TinyFolder folder, Dictionary<string, Tensor> tensors, bool hasPositions)
    {
        foreach (var (name, tensor) in folder.Networks.Text.Where(pair => pair.Key.StartsWith("blocks.0.", StringComparison.Ordinal)))
        {
            if (hasPositions || !name.Contains("pos_embedding", StringComparison.Ordinal))
            {
                tensors[name.Replace("blocks.0.", "blocks.1.", StringComparison.Ordinal)] = tensor;
            }
        }
    }
}
