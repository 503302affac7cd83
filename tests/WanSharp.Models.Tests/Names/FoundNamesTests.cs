using WanSharp.Models.Layout;
using WanSharp.Models.Tests.Layout;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Names;

/// <summary>Whatever stands before or within a network's names, and however its first weight is laid out, it is the same network.</summary>
public sealed class FoundNamesTests
{
    [Theory]
    [InlineData("{0}")]
    [InlineData("model.diffusion_model.{0}")]
    [InlineData("_orig_mod.{0}")]
    [InlineData("module.{0}")]
    [InlineData("net.{0}")]
    [InlineData("model._fsdp_wrapped_module.{0}")]
    [InlineData("a.name.of.my.own.{0}")]
    [InlineData("_fsdp_wrapped_module.{0}")]
    public void Read_AnyPrefixOfAllNames_IsTakenOff(string prefix)
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        foreach (var rename in new Func<string, string>[] { name => name, OtherTools.DiffusersTransformer })
        {
            var path = folder.Write(
                "model.safetensors",
                folder.Networks.Transformer.ToDictionary(pair => string.Format(null, prefix, rename(pair.Key)), pair => pair.Value)
            );
            Assert.Equal((null, folder.Networks.Config), (NetworkFile.Read(path).Problem, NetworkFile.Read(path).Transformer));
        }

        var text = folder.Write(
            "text.safetensors",
            folder.Networks.Text.ToDictionary(
                pair => string.Format(null, prefix, OtherTools.TransformersText(pair.Key)),
                pair => pair.Value
            )
        );
        Assert.NotNull(NetworkFile.Read(text).TextEncoder);
        var vae = folder.Write(
            "vae.safetensors",
            folder.Networks.Vae.ToDictionary(pair => string.Format(null, prefix, OtherTools.DiffusersVae21(pair.Key)), pair => pair.Value)
        );
        Assert.NotNull(NetworkFile.Read(vae).Vae);
    }

    [Theory]
    [InlineData("_checkpoint_wrapped_module")]
    [InlineData("_fsdp_wrapped_module")]
    [InlineData("_fpw_module")]
    [InlineData("_orig_mod")]
    public void Read_WrappersWithinNames_AreTakenOff(string wrapper)
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        var names = folder.Networks.Transformer.ToDictionary(
            pair => pair.Key.Replace("blocks.1.", $"blocks.1.{wrapper}.", StringComparison.Ordinal),
            pair => pair.Value
        );
        Assert.Equal(folder.Networks.Config, NetworkFile.Read(folder.Write("model.safetensors", names)).Transformer);

        names["blocks.1.modulation"] = names["blocks.0.modulation"];
        Assert.Contains("which one is meant", NetworkFile.Read(folder.Write("model.safetensors", names)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OneNameWithoutThePrefix_IsRefused()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        var names = folder.Networks.Transformer.ToDictionary(
            pair => pair.Key == "blocks.1.ffn.2.bias" ? pair.Key : "net." + pair.Key,
            pair => pair.Value
        );
        Assert.Contains(
            "'blocks.1.ffn.2.bias'",
            NetworkFile.Read(folder.Write("model.safetensors", names)).Problem,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("wan2.1-t2v-1.3b", "128,64")] // TurboDiffusion, rCM
    [InlineData("wan2.1-t2v-1.3b", "2048,1,2,2")] // stable-diffusion.cpp
    [InlineData("wan2.1-t2v-1.3b", "128,16,2,2")]
    [InlineData("wan2.1-t2v-1.3b", "8192")]
    [InlineData("wan2.2-i2v-a14b", "128,144")]
    [InlineData("wan2.2-ti2v-5b", "6144,1,2,2")]
    public void Read_PatchesInOtherDimensions_AreTheSameWeights(string variant, string shape)
    {
        using var folder = new TinyFolder(variant);
        var tensors = new Dictionary<string, Tensor>(folder.Networks.Transformer);
        tensors["patch_embedding.weight"] = tensors["patch_embedding.weight"]
            .Reshape(Shape.Create([.. shape.Split(',').Select(long.Parse)]));
        foreach (var name in new[] { "model.safetensors", "model.gguf" })
        {
            var file = NetworkFile.Read(folder.Write(name, tensors));
            Assert.Equal((null, folder.Networks.Config), (file.Problem, file.Transformer));
        }
    }

    [Theory]
    [InlineData("64,128")]
    [InlineData("64,32,1,2,2")]
    [InlineData("16,128,1,2,2")]
    [InlineData("128,4,16")]
    public void Read_PatchesInAnotherOrder_AreRefused(string shape)
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        var tensors = new Dictionary<string, Tensor>(folder.Networks.Transformer);
        tensors["patch_embedding.weight"] = tensors["patch_embedding.weight"]
            .Reshape(Shape.Create([.. shape.Split(',').Select(long.Parse)]));
        Assert.NotNull(NetworkFile.Read(folder.Write("model.safetensors", tensors)).Problem);
    }

    /// <summary>PEFT's names of a model whose layers had adapters, and of a layer that was trained whole.</summary>
    [Fact]
    public void Read_NamesOfPeft_AreThoseOfTheLayers()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        var tensors = folder.Networks.Transformer.ToDictionary(
            pair => "base_model.model." + pair.Key.Replace("self_attn.q.", "self_attn.q.base_layer.", StringComparison.Ordinal),
            pair => pair.Value
        );
        var before = tensors["base_model.model.head.head.weight"];
        tensors.Remove("base_model.model.head.head.weight");
        tensors["base_model.model.head.head.original_module.weight"] = before;
        tensors["base_model.model.head.head.modules_to_save.default.weight"] = folder.Keep(folder.Networks.Scaled(before, 2));
        var file = NetworkFile.Read(folder.Write("model.safetensors", tensors));
        Assert.Equal((null, folder.Networks.Config), (file.Problem, file.Transformer));
        using var found = WanSharp.Models.Names.TransformerNames.Names.Find(Checkpoint.Open(file.Path))!;
        Assert.Equal(before.Read<float>()[0] * 2, found.Get("head.head.weight").Read<float>()[0]);
    }

    /// <summary>GGUF has four dimensions at most: stable-diffusion.cpp joins the first two of a convolution.</summary>
    [Fact]
    public void Read_AVaeWhoseConvolutionsHaveFourDimensions_IsTheSame()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        var whole = NetworkFile.Read(folder.Vae("whole.safetensors"));
        var joined = folder.Networks.Vae.ToDictionary(
            pair => pair.Key,
            pair =>
                pair.Value.Shape is { Rank: 5 } shape ? pair.Value.Reshape([shape[0] * shape[1], shape[2], shape[3], shape[4]]) : pair.Value
        );
        var file = NetworkFile.Read(folder.Write("joined.safetensors", joined));
        Assert.Null(file.Problem);
        Assert.Equal(whole.Vae!.DimMultipliers, file.Vae!.DimMultipliers);
        Assert.Equal(whole.Vae.LatentChannels, file.Vae.LatentChannels);
    }

    [Fact]
    public void Read_ATrainingsCounters_AreNoPartOfTheNetwork()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        var tensors = new Dictionary<string, Tensor>(folder.Networks.Transformer);
        foreach (var name in new[] { "steps", "iteration", "callbacks.ModelCheckpoint.best_model_score", "hyper_parameters.lr" })
        {
            tensors[name] = folder.Keep(Tensor.CopyOf<float>([1], [7]));
        }

        Assert.Null(NetworkFile.Read(folder.Write("model.safetensors", tensors)).Problem);
    }

    [Fact]
    public void Read_ATrainingsNetworks_TakesTheAverageAndSaysSo()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        var (network, average) = (
            folder.Networks.Transformer,
            folder.Networks.Transformer.ToDictionary(pair => pair.Key, pair => folder.Keep(folder.Networks.Scaled(pair.Value, 2)))
        );
        foreach (
            var (one, other, isChosen) in new[]
            {
                ("generator.model.", "generator_ema.model.", true),
                ("ema.", "model.", true),
                ("student.", "teacher.", false),
                ("generator.", "critic_ema.", false),
                ("student.", "generator_ema.", false),
                ("critic.", "ema.", false),
            }
        )
        {
            var (first, second) = one == "ema." ? (average, network) : (network, average);
            var all = first
                .Select(pair => (one + pair.Key, pair.Value))
                .Concat(second.Select(pair => (other + pair.Key, pair.Value)))
                .ToDictionary();
            all["optimizer.state.exp_avg"] = network["head.modulation"];
            var file = NetworkFile.Read(folder.Write("model.safetensors", all));
            if (isChosen)
            {
                Assert.Equal((null, folder.Networks.Config), (file.Problem, file.Transformer));
                Assert.Contains("ema", Assert.Single(file.Choices), StringComparison.Ordinal);
                using var found = WanSharp.Models.Names.TransformerNames.Names.Find(Checkpoint.Open(file.Path))!;
                Assert.Equal(average["head.modulation"].Read<float>().ToArray(), found.Get("head.modulation").Read<float>().ToArray());
            }
            else
            {
                Assert.Null(file.Transformer);
                string[] called = [one.TrimEnd('.'), other.TrimEnd('.')];
                Array.Sort(called, (a, b) => a.Length != b.Length ? a.Length - b.Length : string.CompareOrdinal(a, b));
                Assert.Contains(
                    $"2 networks of one kind (Wan transformer), called '{called[0]}', '{called[1]}'",
                    file.Problem,
                    StringComparison.Ordinal
                );
            }
        }
    }

    /// <summary>Diffusers' EMAModel keeps the average as a list, so that nobody knows which network it is of.</summary>
    [Fact]
    public void Read_AnAverageWithoutNames_IsNotLeftOutSilently()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        var network = folder.Networks.Transformer;
        var all = network.ToDictionary(pair => $"state_dict.{pair.Key}", pair => pair.Value);
        all["ema.shadow_params.0"] = network["head.modulation"];
        var file = NetworkFile.Read(folder.Write("model.safetensors", all));
        Assert.Null(file.Transformer);
        Assert.Contains("'ema.shadow_params.0'", file.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AWholeT5_LeavesTheHalfThatWrites()
    {
        using var folder = new TinyFolder("wan2.1-t2v-1.3b");
        var tensors = folder.Networks.Text.ToDictionary(pair => OtherTools.TransformersText(pair.Key), pair => pair.Value);
        tensors["encoder.embed_tokens.weight"] = tensors["shared.weight"]; // tied
        tensors["decoder.block.0.layer.0.SelfAttention.q.weight"] = tensors["lm_head.weight"] = tensors["shared.weight"];
        var path = folder.Write("text.safetensors", tensors);
        Assert.NotNull(NetworkFile.Read(path).TextEncoder);
        using var found = WanSharp.Models.Names.TextEncoderNames.Names.Find(Checkpoint.Open(path))!;
        Assert.Equal(tensors["shared.weight"].Read<float>().ToArray(), found.Get("token_embedding.weight").Read<float>().ToArray());

        tensors["encoder.block.0.layer.0.SelfAttention.q_norm.weight"] = tensors["shared.weight"];
        Assert.Contains("q_norm", NetworkFile.Read(folder.Write("text.safetensors", tensors)).Problem, StringComparison.Ordinal);
    }
}
