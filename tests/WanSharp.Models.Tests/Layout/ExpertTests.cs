using WanSharp.Testing;

namespace WanSharp.Models.Tests.Layout;

/// <summary>Wan 2.2's experts are a pair whatever else their names say, or are named by hand; one that is alone says so.</summary>
public sealed class ExpertTests
{
    [Theory]
    [InlineData("HighNoise/Wan2.2-T2V-A14B-HighNoise-Q8_0.gguf", "LowNoise/Wan2.2-T2V-A14B-LowNoise-Q8_0.gguf")]
    [InlineData("wan/high_noise/fp8/model.safetensors", "wan/low_noise/fp8/model.safetensors")]
    [InlineData("Wan2_2-T2V-A14B_HIGH_fp8_e4m3fn_scaled.safetensors", "Wan2_2-T2V-A14B-LOW_fp8_e4m3fn_scaled.safetensors")]
    [InlineData("wan2.2_t2v_high_noise_lightx2v_4step_1030.safetensors", "wan2.2_t2v_low_noise_lightx2v_4step.safetensors")]
    [InlineData("wan2.2_t2v_high_noise_Q6_K.gguf", "other/WAN2.2-T2V-LowNoise-fp8.safetensors")]
    [InlineData("dasiwaWAN22_fireHigh.safetensors", "completely-different_low_v9.safetensors")]
    [InlineData("nsfwFASTMOVEV2FP8H.safetensors", "nsfwFASTMOVEV2FP8L.safetensors")]
    [InlineData("high/t2v/14b/q8/model.gguf", "low/t2v/14b/q8/model.gguf")]
    [InlineData("HIGH/a/b/c/model.safetensors", "low/a/b/c/model.safetensors")]
    [InlineData("mymix_t2v_highv2.safetensors", "mymix_t2v_lowv2.safetensors")]
    [InlineData("wan22_t2v_high-step00000500.safetensors", "wan22_t2v_low-step00000500.safetensors")]
    [InlineData("wan2.2_t2v_HIGH_rank64_merged.safetensors", "wan2.2_t2v_LOW_rank64_merged.safetensors")]
    [InlineData("wan22_t2v_high_cfg_distill.safetensors", "wan22_t2v_low_cfg_distill.safetensors")]
    [InlineData("Wan22_T2V_Hi_fp8.safetensors", "Wan22_T2V_Lo_fp8.safetensors")]
    [InlineData("mymixHi.safetensors", "mymixLo.safetensors")]
    [InlineData("nsfwhigh.safetensors", "nsfwlow.safetensors")]
    public void Find_OneOfEach_IsAPairFromEitherFileAndFromTheFolder(string high, string low)
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        (high, low) = ($"diffusion_models/{high}", $"diffusion_models/{low}");
        folder.HighNoise(high);
        folder.Transformer(low);
        Assert.All(new[] { "", high, low }, path => Assert.Equal((high, low), folder.Experts(folder[path])));
    }

    [Fact]
    public void Find_TwoVersions_AreNotAskedAboutAsExperts()
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        var one = folder.HighNoise("diffusion_models/wan2.2_remix_2.1.safetensors");
        folder.Transformer("diffusion_models/wan2.2_remix_2.2.safetensors");

        Assert.Null(folder.Find(one).HighNoisePath);
    }

    /// <summary>A browser numbers copies as it numbers two files of one name: their bytes tell which they are.</summary>
    [Fact]
    public void Find_CopiesOfOneFile_AreNotAskedAboutAsExperts()
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        var one = folder.HighNoise("diffusion_models/wan2.2-t2v-a14b (1).safetensors");
        File.Copy(one, folder["diffusion_models/wan2.2-t2v-a14b (2).safetensors"]);

        Assert.Null(folder.Find(one).HighNoisePath);
    }

    /// <summary>Two of one shape that may be experts are asked about, and run if one is named as both.</summary>
    [Theory]
    [InlineData("wan2.2-t2v-a14b-stage1.safetensors", "wan2.2-t2v-a14b-stage2.safetensors")]
    [InlineData("wan22_t2v_1.safetensors", "wan22_t2v_2.safetensors")]
    [InlineData("wan2.2-t2v-a14b (1).safetensors", "wan2.2-t2v-a14b (2).safetensors")]
    [InlineData("t2v_upper.safetensors", "t2v_lower.safetensors")]
    [InlineData("mymix_high_motion.safetensors", "mymix_low_motion.safetensors")]
    [InlineData("expert1/model.safetensors", "expert2/model.safetensors")]
    public void Find_TwoThatMayBeExperts_AsksFromEitherFile(string one, string other)
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        one = folder.HighNoise($"diffusion_models/{one}");
        Assert.Null(folder.Find(one).HighNoisePath);
        other = folder.Transformer($"diffusion_models/{other}");
        Assert.All(
            new[] { one, other },
            file =>
            {
                var message = folder.Refusal(file);
                Assert.Contains("they may be Wan 2.2's two experts", message, StringComparison.Ordinal);
                Assert.Contains("--model-high", message, StringComparison.Ordinal);
                Assert.Null(folder.Find(file, new NamedParts { LowNoise = file, HighNoise = file }).HighNoisePath);
            }
        );
    }

    [Fact]
    public void Find_ATransformerNextToADamagedOne_AsksWhichIsMeant()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b").Comfy();
        var whole = folder.Transformer("diffusion_models/wan2.1_t2v_finetune.safetensors");
        folder.Text("diffusion_models/readme.gguf", "cut"); // whose name does not say that it is one
        Assert.Null(folder.Find(folder.Path).HighNoisePath);

        folder.Text("diffusion_models/wan2.1_t2v_bf16.safetensors", "cut");

        var message = folder.Refusal(folder.Path);
        Assert.Contains("its wan2.1_t2v_bf16.safetensors may be a transformer, too, and cannot be read", message, StringComparison.Ordinal);
        Assert.Contains($"name {whole}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_SeveralPairs_TakesThePartnerThatSaysTheSame()
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        foreach (var kind in new[] { "Q4_K_M", "Q8_0", "lightx2v_fp8" })
        {
            folder.HighNoise($"diffusion_models/wan2.2_high_noise_{kind}.gguf");
            folder.Transformer($"diffusion_models/wan2.2_low_noise_{kind}.gguf");
        }

        foreach (var kind in new[] { "Q4_K_M", "Q8_0", "lightx2v_fp8" })
        {
            var pair = ($"diffusion_models/wan2.2_high_noise_{kind}.gguf", $"diffusion_models/wan2.2_low_noise_{kind}.gguf");
            Assert.Equal(pair, folder.Experts(folder[pair.Item1]));
            Assert.Equal(pair, folder.Experts(folder[pair.Item2]));
        }

        Assert.Contains("6 transformers; name one of", folder.Refusal(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Find_SeveralThatMayBeMeant_ListsThemAndTheOption()
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        var high = folder.HighNoise("diffusion_models/wan2.2_high_noise_fp16.safetensors");
        string[] lows =
        [
            folder.Transformer("diffusion_models/wan2.2_low_noise_Q4_K_M.gguf"),
            folder.Transformer("diffusion_models/wan2.2_low_noise_Q8_0.gguf"),
        ];

        var message = folder.Refusal(high);

        Assert.All(lows.Append("--model-low"), part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.Equal((folder.Relative(high), folder.Relative(lows[1])), folder.Experts(high, new NamedParts { LowNoise = lows[1] }));
        Assert.Equal((folder.Relative(high), folder.Relative(lows[0])), folder.Experts(lows[0])); // from there only one may be meant
    }

    [Theory]
    [InlineData("wan2.2_t2v_high_noise_14B_fp8.safetensors", "high", "--model-low")]
    [InlineData("Wan2_2-T2V-A14B_HIGH_fp8_e4m3fn_scaled.safetensors", "high", "--model-low")]
    [InlineData("Wan2.2-T2V-LowNoise/Q8_0/model.gguf", "low", "--model-high")]
    [InlineData("i2vLow.safetensors", "low", "--model-high")]
    [InlineData("wan22_t2v_HN.safetensors", "high", "--model-low")]
    [InlineData("Wan2.2-T2V-14B-L.safetensors", "low", "--model-high")]
    [InlineData("wanhighnoise.safetensors", "high", "--model-low")]
    [InlineData("万相2.2高噪.safetensors", "high", "--model-low")]
    public void Find_OneAlone_SaysSoWhateverItsSpelling(string name, string noise, string option)
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        var file = folder.Transformer($"diffusion_models/{name}");
        Assert.All(
            new[] { file, folder.Path },
            path =>
            {
                var message = folder.Refusal(path);
                Assert.Contains(
                    $"two experts, the one for {noise} noise, and the other one was not found",
                    message,
                    StringComparison.Ordinal
                );
                Assert.Contains(option, message, StringComparison.Ordinal);
            }
        );
    }

    /// <summary>A partner that is there and damaged is named with what is wrong with it.</summary>
    [Theory]
    [InlineData("pointer", "Git LFS pointer")]
    [InlineData("aria2", "its download is not complete")]
    [InlineData("cut", "the file")]
    [InlineData("part", "its download is not complete")]
    public void Find_APartnerThatCannotBeUsed_SaysWhichAndWhy(string how, string expected)
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        var high = folder.HighNoise("diffusion_models/wan2.2_t2v_high_noise_14B_fp8.safetensors");
        var low = folder.Transformer("diffusion_models/wan2.2_t2v_low_noise_14B_fp8.safetensors");
        switch (how)
        {
            case "pointer":
                File.WriteAllText(low, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4548313\n");
                break;
            case "aria2":
                File.WriteAllText($"{low}.aria2", "");
                break;
            case "cut":
                File.WriteAllBytes(low, File.ReadAllBytes(low)[..^1000]);
                break;
            default:
                File.Move(low, low += ".part");
                break;
        }

        foreach (var message in new[] { high, folder.Path }.Select(path => folder.Refusal(path)))
        {
            Assert.Contains($"the other one cannot be used: {low}: ", message, StringComparison.Ordinal);
            Assert.Contains(expected, message, StringComparison.Ordinal);
            Assert.Contains("--model-low", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Find_TwoExpertsWhoseTitlesAloneSaySo_AreAPairFromEitherFileAndFromTheFolder()
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        var titled = new Dictionary<string, string> { ["modelspec.title"] = "Wan2.2 T2V A14B HighNoise" };
        var high = folder.Write("diffusion_models/a.safetensors", folder.Networks.HighNoise!, titled);
        titled["modelspec.title"] = "Wan2.2 T2V A14B LowNoise";
        var low = folder.Write("diffusion_models/b.safetensors", folder.Networks.Transformer, titled);

        Assert.All(
            new[] { folder.Path, high, low },
            path => Assert.Equal((folder.Relative(high), folder.Relative(low)), folder.Experts(path))
        );
    }

    [Fact]
    public void Find_ALetterThatMayMeanAnExpert_AsksAndRunsIfItIsNamedAsBoth()
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        var file = folder.Transformer("diffusion_models/my-finetune_H.safetensors");
        var message = folder.Refusal(file);
        Assert.Contains("may say that it is the expert for high noise", message, StringComparison.Ordinal);
        Assert.Contains("--model-low", message, StringComparison.Ordinal);
        Assert.Null(folder.Find(file, new NamedParts { LowNoise = file, HighNoise = file }).HighNoisePath);

        var low = folder.HighNoise("diffusion_models/my-finetune_L.safetensors");
        Assert.Equal((folder.Relative(file), folder.Relative(low)), folder.Experts(file));
    }

    [Fact]
    public void Find_AFolderWhoseWordMayMeanAnExpert_AsksUntilTheOtherFolderIsThere()
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        var high = folder.HighNoise("diffusion_models/a-high/model.safetensors");
        Assert.Contains("may say that it is the expert for high noise", folder.Refusal(high), StringComparison.Ordinal);

        var low = folder.Transformer("diffusion_models/a-low/model.safetensors");
        Assert.All(
            new[] { "", high, low },
            path => Assert.Equal((folder.Relative(high), folder.Relative(low)), folder.Experts(folder[path]))
        );
    }

    [Fact]
    public void Find_AnExpertWhoseTitleAloneSaysSo_IsOne()
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        var titled = new Dictionary<string, string> { ["modelspec.title"] = "Wan2.2 T2V A14B HighNoise" };
        var file = folder.Write("diffusion_models/model.safetensors", folder.Networks.Transformer, titled);
        Assert.Contains("the one for high noise", folder.Refusal(file), StringComparison.Ordinal);

        titled["modelspec.title"] = "Wan2.2-T2V-A14B";
        file = folder.Write("diffusion_models/model.safetensors", folder.Networks.Transformer, titled);
        Assert.Contains("is called Wan 2.2", Assert.Single(folder.Find(file).Notes), StringComparison.Ordinal);
    }

    /// <summary>A title that another tool wrote into a file that was renamed, or the wrong download: nobody knows which is right.</summary>
    [Theory]
    [InlineData("wan2.2_t2v_high_noise_14B.safetensors", "Wan2.2 T2V A14B LowNoise", true)]
    [InlineData("wan2.2_t2v_low_noise_14B.safetensors", "Wan2.2 T2V A14B HighNoise", true)]
    [InlineData("wan2.2_t2v_high_noise_14B.safetensors", "Wan2.2 T2V A14B HighNoise", false)]
    [InlineData("wan2.2_t2v_high_noise_14B.safetensors", "high contrast, low key", false)]
    public void Find_AnExpertWhoseTitleSaysTheOther_IsRefused(string name, string title, bool isRefused)
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        var titled = new Dictionary<string, string> { ["modelspec.title"] = title };
        var file = folder.Write($"diffusion_models/{name}", folder.Networks.Transformer, titled);
        Assert.Equal(isRefused, folder.Refusal(file).Contains($"('{title}') the other", StringComparison.Ordinal));
    }

    /// <summary>One download saved under both names would take all steps.</summary>
    [Theory]
    [InlineData("safetensors")]
    [InlineData("gguf")]
    public void Find_TwoThatAreOneFile_AreRefusedFromWhereverTheyAreNamed(string format)
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        var high = folder.HighNoise($"diffusion_models/wan2.2_t2v_high_noise_14B.{format}");
        var low = folder[$"diffusion_models/wan2.2_t2v_low_noise_14B.{format}"];
        File.Copy(high, low);
        Assert.All(
            new[] { folder.Refusal(folder.Path), folder.Refusal(low), folder.Refusal(high, new NamedParts { LowNoise = low }) },
            message => Assert.Contains($"it is a copy of {low}", message, StringComparison.Ordinal)
        );
        Assert.Null(folder.Find(low, new NamedParts { HighNoise = low, LowNoise = low }).HighNoisePath);
    }

    [Fact]
    public void Find_DiffusersFolderWhoseSecondTransformerIsMissing_SaysSo()
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b");
        folder.HighNoise("transformer/diffusion_pytorch_model.safetensors");
        folder.TextEncoder("text_encoder/model.safetensors");
        folder.Vae("vae/diffusion_pytorch_model.safetensors");
        var index = folder.Text("model_index.json", """{"transformer_2":["diffusers","WanTransformer3DModel"]}""");
        Assert.Contains("one of Wan 2.2's two experts", folder.Refusal(folder.Path), StringComparison.Ordinal);

        File.WriteAllText(index, """{"transformer_2":[null,null]}""");
        Assert.Equal((null, "transformer/diffusion_pytorch_model.safetensors"), folder.Experts(folder.Path));
    }

    [Theory]
    [InlineData("0.8", 0.8)]
    [InlineData("null", 0.875)]
    public void Find_DiffusersFolderOfTwoExperts_TakesTheBoundaryOfItsIndex(string ratio, double expected)
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b");
        folder.HighNoise("transformer/diffusion_pytorch_model.safetensors");
        folder.Transformer("transformer_2/diffusion_pytorch_model.safetensors");
        folder.TextEncoder("text_encoder/model.safetensors");
        folder.Vae("vae/diffusion_pytorch_model.safetensors");
        folder.Text("model_index.json", $$"""{"boundary_ratio": {{ratio}}}""");

        Assert.Equal(expected, folder.Find(folder.Path).Defaults.Boundary);
    }

    [Fact]
    public void Find_TextToVideoCalledWan22WithoutANoise_RunsAndSaysHow()
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        var parts = folder.Find(folder.Transformer("diffusion_models/wan2.2_t2v_14B_int8.safetensors"));

        Assert.Equal("wan2.1-t2v-1.3b", parts.Name);
        var note = Assert.Single(parts.Notes);
        Assert.Contains("takes all steps, with the settings of wan2.1-t2v-1.3b", note, StringComparison.Ordinal);
        Assert.Contains("--model-high", note, StringComparison.Ordinal);
        Assert.Empty(folder.Find(folder.Transformer("diffusion_models/wan2.1_t2v_14B.safetensors")).Notes);
    }

    [Fact]
    public void Find_AllInOneImageToVideo_NeedsNoPartner()
    {
        using var folder = new TinyFolder("wan2.2-i2v-a14b");
        var networks = folder.Networks;
        var all = networks
            .Transformer.Select(pair => ("model.diffusion_model." + pair.Key, pair.Value))
            .Concat(networks.Text.Select(pair => ("umt5xxl.transformer." + OtherTools.TransformersText(pair.Key), pair.Value)))
            .Concat(networks.Vae.Select(pair => ("vae." + pair.Key, pair.Value)))
            .ToDictionary(pair => pair.Item1, pair => pair.Value);
        folder.Tokenizer("spiece.model");
        var parts = folder.Find(folder.Write("checkpoints/wan2.2-i2v-rapid.safetensors", all));
        Assert.Equal((null, "wan2.2-i2v-a14b"), (parts.HighNoisePath, parts.Name));
        Assert.Equal((null, null), (parts.Defaults.Boundary, parts.Defaults.HighNoiseGuidanceScale));
        Assert.Equal(parts.TransformerPath, parts.VaePath);

        var merged = folder.Comfy().Transformer("unet/wan2.2-i2v-rapid-aio-v10.safetensors"); // the transformer alone
        Assert.Null(folder.Find(merged).HighNoisePath);
    }

    [Fact]
    public void Find_ImageToVideoThatSaysNothing_RunsOnlyIfItIsNamedAsBoth()
    {
        using var folder = new TinyFolder("wan2.2-i2v-a14b").Comfy();
        var file = folder.Transformer("unet/wan2.2-i2v-14B.safetensors");
        Assert.Contains("give this file to both if it takes all steps", folder.Refusal(file), StringComparison.Ordinal);
        Assert.Null(folder.Find(folder.Path, new NamedParts { LowNoise = file, HighNoise = file }).HighNoisePath);
    }

    [Fact]
    public void Find_ExpertsThatAreNamed_AreTaken()
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy("models");
        var high = folder.HighNoise("here/one.safetensors");
        var low = folder.Transformer("there/two.safetensors");
        var pair = (folder.Relative(high), folder.Relative(low));
        Assert.Equal(pair, folder.Experts(folder.Path, new NamedParts { HighNoise = high, LowNoise = low }));
        Assert.Equal(pair, folder.Experts(low, new NamedParts { HighNoise = high, LowNoise = low }));
        Assert.Equal(pair, folder.Experts(low, new NamedParts { HighNoise = high }));
        Assert.Equal(pair, folder.Experts(high, new NamedParts { LowNoise = low }));
        Assert.Equal(pair, folder.Experts(folder.Path, new NamedParts { HighNoise = folder["here"], LowNoise = folder["there"] }));
    }

    [Fact]
    public void Find_ExpertsThatDoNotGoTogether_AreRefused()
    {
        using var folder = new TinyFolder("wan2.2-t2v-a14b").Comfy();
        using var others = new TinyFolder("wan2.2-i2v-a14b");
        var high = folder.HighNoise("unet/wan_high_noise.safetensors");
        var low = folder.Transformer("unet/wan_low_noise.safetensors");
        AssertRefused("the other way round", folder.Path, new NamedParts { HighNoise = low, LowNoise = high });
        var other = others.Transformer("i2v.safetensors");
        AssertRefused("differ in kind or shape", folder.Path, new NamedParts { HighNoise = high, LowNoise = other });
        AssertRefused("there is no such file", folder.Path, new NamedParts { HighNoise = folder["nowhere"] });
        AssertRefused("it holds no Wan transformer", folder.Path, new NamedParts { HighNoise = folder["vae/wan_2.1_vae.safetensors"] });
        AssertRefused("a third file", folder.Transformer("x.safetensors"), new NamedParts { HighNoise = high, LowNoise = low });

        void AssertRefused(string why, string path, NamedParts named) =>
            Assert.Contains(why, folder.Refusal(path, named), StringComparison.Ordinal);
    }
}
