using WanSharp.Models.Loras;
using WanSharp.Models.Tests.Detection;
using WanSharp.Runtime.Adapters;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Loras;

/// <summary>
/// Files of every family change weights as the tools do that people use them with. The expected weights were made by the original code:
/// ModelTC/LightX2V:lightx2v/utils/lora_loader.py, huggingface/diffusers:loaders/lora_conversion_utils.py with PEFT's sum,
/// KohakuBlueleaf/LyCORIS:lycoris/functional and modules/locon.py.
/// </summary>
public sealed class LoraFileTests : IDisposable
{
    private const float Tolerance = 1e-5f;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "loras");

    private readonly TemporaryFolder _folder = new();
    private readonly ICheckpoint _base = Checkpoint.Open(Path.Combine(Folder, "base.safetensors"));
    private readonly Dictionary<string, Shape> _shapes;

    public LoraFileTests() => _shapes = _base.Tensors.ToDictionary(weight => weight.Key, weight => weight.Value.Shape);

    [Theory]
    [InlineData("lightx2v", 0.75)]
    [InlineData("musubi", 0.8)]
    [InlineData("comfyui", 1.5)]
    [InlineData("diffusers", 0.5)]
    [InlineData("diffusers-two", 1)]
    [InlineData("peft", 1)]
    [InlineData("diffsynth", 0.6)]
    [InlineData("fun", 1)]
    [InlineData("loha", 0.9)]
    [InlineData("lokr", 1.1)]
    [InlineData("dora", 1)]
    public void FitTo_ChangesWeightsAsTheOriginalLoaders(string family, double strength)
    {
        using var lora = LoraFile.Open(Path.Combine(Folder, $"{family}.safetensors"));
        using var expected = Checkpoint.Open(Path.Combine(Folder, $"{family}.expected.safetensors"));

        var fit = lora.FitTo(_shapes, "tiny", LoraExpert.Low, "");

        Assert.Empty(fit.Dropped);
        Assert.Equal(expected.Tensors.Keys.Order(), fit.Changes.Changes.Keys.Order());
        foreach (var (name, changes) in fit.Changes.Changes)
        {
            using var weight = _base.Tensors[name].ConvertTo(DType.F32);
            foreach (var change in changes)
            {
                change.Apply(weight, strength, TestContext.Current.CancellationToken);
            }

            var worst = expected
                .Tensors[name]
                .Read<float>()
                .ToArray()
                .Zip(weight.Read<float>().ToArray(), (e, a) => MathF.Abs(e - a))
                .Max();
            Assert.True(worst <= Tolerance, $"{name} is {worst} off.");
        }
    }

    [Fact]
    public void FitTo_TheOtherExpert_TakesItsPartOfAFileOfBoth()
    {
        using var lora = LoraFile.Open(Path.Combine(Folder, "diffusers-two.safetensors"));

        var (high, low) = (lora.FitTo(_shapes, "tiny", LoraExpert.High, "x"), lora.FitTo(_shapes, "tiny", LoraExpert.Low, "x"));

        Assert.Equal(high.Changes.Changes.Keys.Order(), low.Changes.Changes.Keys.Order());
        Assert.NotEqual(high.Changes.Id, low.Changes.Id);
        var (one, other) = (Down(high), Down(low));
        Assert.NotEqual(one, other);

        static float[] Down(LoraFit fit) => ((LowRankChange)fit.Changes.Changes["blocks.0.ffn.0.weight"][0]).Down.Read<float>().ToArray();
    }

    [Fact]
    public void FitTo_AnotherModel_NamesBothShapes()
    {
        using var lora = LoraFile.Open(Path.Combine(Folder, "musubi.safetensors"));
        _shapes["blocks.0.cross_attn.k.weight"] = [32, 32];

        var wrong = Assert.Throws<CheckpointException>(() => lora.FitTo(_shapes, "wan2.1-t2v-1.3b", null, ""));

        Assert.Contains("a weight of [16, 16]", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("wan2.1-t2v-1.3b's blocks.0.cross_attn.k.weight is [32, 32]", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FitTo_AModelWithFewerLayers_ListsWhatFitsNothing()
    {
        using var lora = LoraFile.Open(Path.Combine(Folder, "musubi.safetensors"));
        foreach (var name in _shapes.Keys.Where(name => name.StartsWith("blocks.1.", StringComparison.Ordinal)).ToList())
        {
            _shapes.Remove(name);
        }

        var wrong = Assert.Throws<CheckpointException>(() => lora.FitTo(_shapes, "tiny", null, ""));

        Assert.Contains("30 of its tensors fit nothing in tiny", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("lora_unet_blocks_1_cross_attn_k.alpha", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FitTo_AModelWithoutImageLayers_LeavesThemOut_AndTextEncodersToo()
    {
        using var lora = Write(
            ("diffusion_model.blocks.0.self_attn.q.lora_A.weight", [2, 16]),
            ("diffusion_model.blocks.0.self_attn.q.lora_B.weight", [16, 2]),
            ("diffusion_model.blocks.0.cross_attn.k_img.lora_A.weight", [2, 16]),
            ("diffusion_model.blocks.0.cross_attn.k_img.lora_B.weight", [16, 2]),
            ("diffusion_model.img_emb.proj.1.diff_b", [16]),
            ("lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", [4, 2])
        );

        var fit = lora.FitTo(_shapes, "tiny", null, "");

        Assert.Equal(["blocks.0.self_attn.q.weight"], fit.Changes.Changes.Keys);
        Assert.Equal(4, fit.Dropped.Count);
    }

    [Theory]
    [InlineData("double_blocks.0.img_attn.qkv.lora_A.weight", "another family")]
    [InlineData("diffusion_model.vace_blocks.0.ffn.0.lora_A.weight", "VACE")]
    [InlineData("diffusion_model.blocks.0.self_attn.q.lora_down.weight", "what it goes with is missing")]
    [InlineData("diffusion_model.blocks.0.self_attn.q.alpha", "what it goes with is missing")]
    [InlineData("diffusion_model.blocks.0.self_attn.q.lora_B.bias", "what it goes with is missing")]
    public void FitTo_WithOneTensorThatFitsNothing_SaysWhatIsWrong(string name, string expected)
    {
        using var lora = Write((name, [1]));

        var wrong = Assert.Throws<CheckpointException>(() => lora.FitTo(_shapes, "tiny", null, ""));

        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("diffusion_model._orig_mod.blocks.0.self_attn.q")]
    [InlineData("transformer._fsdp_wrapped_module.blocks.0._checkpoint_wrapped_module.attn1.to_q")]
    [InlineData("lora_unet__orig_mod_blocks_0_self_attn_q")]
    [InlineData("lora_unet_blocks_0__checkpoint_wrapped_module_self_attn_q")]
    public void FitTo_OfACompiledOrWrappedModel_IsThatOfTheModel(string module)
    {
        using var lora = Write(($"{module}.lora_A.weight", [2, 16]), ($"{module}.lora_B.weight", [16, 2]));

        Assert.Equal(["blocks.0.self_attn.q.weight"], lora.FitTo(_shapes, "tiny", null, "").Changes.Changes.Keys);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(2, false)]
    [InlineData(4, false)]
    public void FitTo_OneChangeUnderTwoNames_ActsOnceOrIsRefused(int rank, bool hasAlpha)
    {
        (string, long[])[] tensors =
        [
            ("diffusion_model.blocks.0.self_attn.q.lora_A.weight", [2, 16]),
            ("diffusion_model.blocks.0.self_attn.q.lora_B.weight", [16, 2]),
            ("lora_unet_blocks_0_self_attn_q.lora_down.weight", [rank, 16]),
            ("lora_unet_blocks_0_self_attn_q.lora_up.weight", [16, rank]),
            .. hasAlpha ? [("lora_unet_blocks_0_self_attn_q.alpha", Array.Empty<long>())] : Array.Empty<(string, long[])>(),
        ];
        using var lora = Write(tensors);

        if (rank == 2 && !hasAlpha)
        {
            Assert.Single(lora.FitTo(_shapes, "tiny", null, "").Changes.Changes["blocks.0.self_attn.q.weight"]);
        }
        else
        {
            var wrong = Assert.Throws<CheckpointException>(() => lora.FitTo(_shapes, "tiny", null, ""));
            Assert.Contains(
                "change the same weight, blocks.0.self_attn.q.weight, in different ways",
                wrong.Message,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void FitTo_AMagnitudeThatIsOneNumber_IsRefused()
    {
        using var lora = Write(
            ("blocks.0.self_attn.q.lora_A.weight", [2, 16]),
            ("blocks.0.self_attn.q.lora_B.weight", [16, 2]),
            ("blocks.0.self_attn.q.dora_scale", [])
        );

        Assert.Throws<CheckpointException>(() => lora.FitTo(_shapes, "tiny", null, ""));
    }

    [Theory]
    [InlineData("blocks.0.self_attn.q.weight", "it holds no LoRA")]
    [InlineData("lora_unet_blocks_0_self_attn_q.oft_blocks", "OFT")]
    public void Open_OfOtherThings_SaysWhatTheyAre(string name, string expected)
    {
        var wrong = Assert.Throws<CheckpointException>(() => Write((name, [16, 16])));

        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// LoRAs of text to video and of image to video differ in the first layer's inputs alone, and are used with each other's models.
    /// </summary>
    [Theory]
    [InlineData("diffusion_model.patch_embedding.diff")]
    [InlineData("lora_unet_patch_embedding.diff")]
    public void FitTo_AModelWithOtherInputs_LeavesTheFirstLayersWeightOut(string name)
    {
        var shape = _shapes["patch_embedding.weight"];
        long[] others = [shape[0], shape[1] + 20, shape[2], shape[3], shape[4]];
        using var lora = Write(
            ("diffusion_model.blocks.0.self_attn.q.lora_A.weight", [2, 16]),
            ("diffusion_model.blocks.0.self_attn.q.lora_B.weight", [16, 2]),
            (name, others),
            ("diffusion_model.patch_embedding.diff_b", [shape[0]])
        );

        var fit = lora.FitTo(_shapes, "tiny", null, "");

        Assert.Equal(["blocks.0.self_attn.q.weight", "patch_embedding.bias"], fit.Changes.Changes.Keys.Order());
        Assert.Equal([name], fit.Dropped);
    }

    [Fact]
    public void FitTo_AModelWithAnotherFirstLayer_IsRefused()
    {
        var shape = _shapes["patch_embedding.weight"];
        using var lora = Write(("diffusion_model.patch_embedding.diff", [2 * shape[0], shape[1], shape[2], shape[3], shape[4]]));

        Assert.Throws<CheckpointException>(() => lora.FitTo(_shapes, "tiny", null, ""));
    }

    [Fact]
    public void FitTo_OneTransformer_RefusesAFileOfBothExperts()
    {
        using var lora = LoraFile.Open(Path.Combine(Folder, "diffusers-two.safetensors"));

        var wrong = Assert.Throws<CheckpointException>(() => lora.FitTo(_shapes, "wan2.1-t2v-14b", null, ""));

        Assert.Contains("a part for each of Wan 2.2's two experts", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("wan2.1-t2v-14b has one transformer", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutations_AreReadOrRefusedWithOneLine()
    {
        var count = Repetitions.Of("WAN_FUZZ", 150);
        string[] families = ["lightx2v", "musubi", "diffusers", "lokr", "dora", "loha"];
        var random = new Random(20261129);
        for (var i = 0; i < count; i++)
        {
            var bytes = File.ReadAllBytes(Path.Combine(Folder, $"{families[i % families.Length]}.safetensors"));
            var header = (int)BitConverter.ToInt64(bytes, 0);
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                bytes[random.Next(0, Math.Min(bytes.Length, header + 64))] = random.Next(4) switch
                {
                    0 => (byte)random.Next(256),
                    1 => (byte)'"',
                    2 => (byte)random.Next('0', '9' + 1),
                    _ => (byte)random.Next('a', 'z' + 1),
                };
            }

            File.WriteAllBytes(_folder["mutated.safetensors"], random.Next(10) == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
            try
            {
                using var lora = LoraFile.Open(_folder["mutated.safetensors"]);
                var fit = lora.FitTo(_shapes, "tiny", null, "");
                using var adapter = new Adapter([fit.Changes], _shapes);
            }
            catch (CheckpointException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }
    }

    [Fact]
    public void FitTo_WithOneTensorChanged_FitsOrIsRefusedWithOneLine()
    {
        var count = Repetitions.Of("WAN_FUZZ", 40);
        foreach (var family in new[] { "lightx2v", "musubi", "diffusers", "peft", "lokr", "dora", "loha" })
        {
            using var whole = Checkpoint.Open(Path.Combine(Folder, $"{family}.safetensors"));
            using var mutator = new CheckpointMutator(whole.Tensors, family.Length);
            for (var i = 0; i < count; i++)
            {
                SafetensorsWriter.Write(_folder["mutated.safetensors"], mutator.Next());
                try
                {
                    using var lora = LoraFile.Open(_folder["mutated.safetensors"]);
                    var fit = lora.FitTo(_shapes, "tiny", LoraExpert.Low, "");
                    using var adapter = new Adapter([fit.Changes], _shapes);
                }
                catch (Exception e)
                {
                    Assert.True(e is CheckpointException && !e.Message.Contains('\n'), $"{family}, {mutator.Change}: {e}");
                }
            }
        }
    }

    public void Dispose()
    {
        _base.Dispose();
        _folder.Dispose();
    }

    private LoraFile Write(params (string Name, long[] Shape)[] tensors) => Write("lora.safetensors", tensors);

    private LoraFile Write(string file, params (string Name, long[] Shape)[] tensors) => PlainLoras.Write(_folder[file], tensors);
}
