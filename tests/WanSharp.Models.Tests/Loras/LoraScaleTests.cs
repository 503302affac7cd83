using WanSharp.Models.Loras;
using WanSharp.Runtime.Adapters;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Loras;

/// <summary>A LoRA's scale is what its tool noted, wherever and in whatever type.</summary>
public sealed class LoraScaleTests : IDisposable
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "loras");

    private readonly TemporaryFolder _folder = new();
    private readonly ICheckpoint _base = Checkpoint.Open(Path.Combine(Folder, "base.safetensors"));
    private readonly Dictionary<string, Shape> _shapes;

    public LoraScaleTests() => _shapes = _base.Tensors.ToDictionary(weight => weight.Key, weight => weight.Value.Shape);

    [Fact]
    public void FitTo_WithPeftsConfigurationNextToIt_TakesItsScale()
    {
        File.WriteAllText(_folder["adapter_config.json"], """{"r": 4, "lora_alpha": 8, "use_rslora": true, "alpha_pattern": {}}""");
        using var lora = Write(
            "adapter_model.safetensors",
            ("base_model.model.blocks.0.self_attn.q.lora_A.weight", [4, 16]),
            ("base_model.model.blocks.0.self_attn.q.lora_B.weight", [16, 4])
        );

        var fit = lora.FitTo(_shapes, "tiny", null, "");

        Assert.Equal(4, ((LowRankChange)fit.Changes.Changes["blocks.0.self_attn.q.weight"][0]).Scale); // 8 / √4
    }

    /// <summary>A note of another rank is another LoRA's: nothing says by what this one is multiplied.</summary>
    [Fact]
    public void FitTo_WithANoteOfAnotherRank_IsRefused()
    {
        File.WriteAllText(_folder["adapter_config.json"], """{"r": 8, "lora_alpha": 8}""");
        using var lora = Write(
            "adapter_model.safetensors",
            ("base_model.model.blocks.0.self_attn.q.lora_A.weight", [4, 16]),
            ("base_model.model.blocks.0.self_attn.q.lora_B.weight", [16, 4])
        );

        Assert.Contains("another LoRA", Assert.Throws<CheckpointException>(() => lora.FitTo(_shapes, "tiny", null, "")).Message);
    }

    [Fact]
    public void FitTo_OfCodesWithScales_SaysThatItIsQuantized()
    {
        using var lora = Write(
            "style.safetensors",
            ("diffusion_model.blocks.0.self_attn.q.lora_A.weight", [4, 16]),
            ("diffusion_model.blocks.0.self_attn.q.lora_A.scale_weight", [1]),
            ("diffusion_model.blocks.0.self_attn.q.lora_B.weight", [16, 4])
        );

        Assert.Contains(
            "It is a LoRA that is quantized (codes with scales), which is not supported: get it as a LoRA in bf16 or fp16",
            Assert.Throws<CheckpointException>(() => lora.FitTo(_shapes, "tiny", null, "")).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>A renamed file's configuration is the one next to it, unless that is another's.</summary>
    [Theory]
    [InlineData(true, null, 4.0, false)]
    [InlineData(true, "adapter_model.safetensors", 1.0, true)]
    [InlineData(true, "another.safetensors", 1.0, true)]
    [InlineData(true, "notes.txt", 4.0, false)]
    [InlineData(false, null, 1.0, true)]
    public void FitTo_OfPeftsNamesInAFileOfAnotherName_TakesTheConfigurationNextToIt(
        bool isNoted,
        string? other,
        double scale,
        bool isUnscaled
    )
    {
        if (isNoted)
        {
            File.WriteAllText(_folder["adapter_config.json"], """{"r": 4, "lora_alpha": 16}""");
        }

        if (other is not null)
        {
            File.WriteAllText(_folder[other], "");
        }

        using var lora = Write(
            "style.safetensors",
            ("base_model.model.blocks.0.self_attn.q.lora_A.weight", [4, 16]),
            ("base_model.model.blocks.0.self_attn.q.lora_B.weight", [16, 4])
        );

        var fit = lora.FitTo(_shapes, "tiny", null, "");

        Assert.Equal(scale, ((LowRankChange)fit.Changes.Changes["blocks.0.self_attn.q.weight"][0]).Scale);
        Assert.Equal(isUnscaled, fit.IsUnscaled);
    }

    /// <summary>Other tools' names say their scales themselves, or have none.</summary>
    [Fact]
    public void FitTo_OfOtherNames_TakesNoConfigurationOfPeft()
    {
        File.WriteAllText(_folder["adapter_config.json"], """{"r": 4, "lora_alpha": 16}""");
        using var lora = Write(
            "style.safetensors",
            ("diffusion_model.blocks.0.self_attn.q.lora_A.weight", [4, 16]),
            ("diffusion_model.blocks.0.self_attn.q.lora_B.weight", [16, 4])
        );

        var fit = lora.FitTo(_shapes, "tiny", null, "");

        Assert.Equal(1, ((LowRankChange)fit.Changes.Changes["blocks.0.self_attn.q.weight"][0]).Scale);
        Assert.False(fit.IsUnscaled);
    }

    /// <summary>What PEFT notes is read whatever the weights are kept in, and for each of its methods.</summary>
    [Theory]
    [InlineData("adapter_model.bin", """{"r": 4, "lora_alpha": 8}""", "lora_A.weight", 2.0)]
    [InlineData("adapter_model.safetensors", """{"peft_type": "LOHA", "r": 4, "alpha": 2}""", "hada", 0.5)]
    [InlineData("adapter_model.safetensors", """{"peft_type": "LOKR", "r": 8, "alpha": 2}""", "lokr_w1", 0.25)]
    [InlineData("adapter_model.safetensors", """{"r": 4, "lora_alpha": 8, "init_lora_weights": "gaussian"}""", "lora_A.weight", 2.0)]
    [InlineData("adapter_model.safetensors", """{"r": 4, "lora_alpha": 4, "use_dora": false}""", "lora_A.weight", 1.0)]
    public void FitTo_WithPeftsConfigurationOfAnyMethod_TakesItsScale(string file, string config, string kind, double scale)
    {
        File.WriteAllText(_folder["adapter_config.json"], config);
        var layer = "base_model.model.blocks.0.self_attn.q.";
        (string, long[])[] tensors = kind switch
        {
            "hada" =>
            [
                ($"{layer}hada_w1_a", [16, 4]),
                ($"{layer}hada_w1_b", [4, 16]),
                ($"{layer}hada_w2_a", [16, 4]),
                ($"{layer}hada_w2_b", [4, 16]),
            ],
            "lokr_w1" => [($"{layer}lokr_w1", [4, 4]), ($"{layer}lokr_w2", [4, 4])],
            _ => [($"{layer}lora_A.weight", [4, 16]), ($"{layer}lora_B.weight", [16, 4])],
        };
        using var lora = Write(file, tensors);

        var change = lora.FitTo(_shapes, "tiny", null, "").Changes.Changes["blocks.0.self_attn.q.weight"][0];

        // All factors are 0.5.
        using var weight = Tensor.Zeros(DType.F32, [16, 16]);
        change.Apply(weight, 1, TestContext.Current.CancellationToken);
        Assert.Equal(scale * (kind == "lokr_w1" ? 0.25 : 1), weight.Read<float>()[0]);
    }

    [Theory]
    [InlineData("""{"r": 4, "lora_alpha": 8, "init_lora_weights": "pissa"}""", "begun with pissa")]
    [InlineData("""{"r": 4, "lora_alpha": 8, "init_lora_weights": "pissa_niter_16"}""", "begun with pissa_niter_16")]
    [InlineData("""{"r": 4, "lora_alpha": 8, "init_lora_weights": "olora"}""", "begun with olora")]
    [InlineData("""{"r": 4, "lora_alpha": 8, "init_lora_weights": "loftq"}""", "begun with loftq")]
    [InlineData("""{"r": 4, "lora_alpha": 8, "use_dora": true}""", "noted as DoRA, whose magnitudes are missing")]
    [InlineData("""{"r": 4, "lora_alpha": 8, "use_qalora": true}""", "its use_qalora")]
    [InlineData("""{"r": 4, "lora_alpha": 8, "layer_replication": [[0, 2]]}""", "its layer_replication")]
    [InlineData("""{"peft_type": "VERA", "r": 4}""", "of the kind VERA")]
    public void FitTo_WithPeftsConfigurationOfWhatIsNotComputed_IsRefused(string config, string expected)
    {
        File.WriteAllText(_folder["adapter_config.json"], config);

        var wrong = Assert.Throws<CheckpointException>(() =>
        {
            using var lora = Write(
                "adapter_model.safetensors",
                ("base_model.model.blocks.0.self_attn.q.lora_A.weight", [4, 16]),
                ("base_model.model.blocks.0.self_attn.q.lora_B.weight", [16, 4])
            );
            lora.FitTo(_shapes, "tiny", null, "");
        });

        Assert.Contains(expected, wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>torch.tensor(numpy.float64(8)) and its kin: one number, whatever its type.</summary>
    [Theory]
    [InlineData("F64", "0000000000002040", 4.0)]
    [InlineData("I16", "0800", 4.0)]
    [InlineData("U32", "08000000", 4.0)]
    public void FitTo_WithAnAlphaOfAnyType_ReadsIt(string type, string bytes, double scale)
    {
        var (down, up) = (new byte[2 * 16 * 4], new byte[16 * 2 * 4]);
        down[0] = 1; // a first factor is never zero
        var alpha = Convert.FromHexString(bytes);
        const string Layer = "blocks.0.self_attn.q";
        var header =
            $"{{\"{Layer}.lora_down.weight\":{{\"dtype\":\"F32\",\"shape\":[2,16],\"data_offsets\":[0,128]}},"
            + $"\"{Layer}.lora_up.weight\":{{\"dtype\":\"F32\",\"shape\":[16,2],\"data_offsets\":[128,256]}},"
            + $"\"{Layer}.alpha\":{{\"dtype\":\"{type}\",\"shape\":[],\"data_offsets\":[256,{256 + alpha.Length}]}}}}";
        var text = System.Text.Encoding.ASCII.GetBytes(header);
        File.WriteAllBytes(_folder["lora.safetensors"], [.. BitConverter.GetBytes((long)text.Length), .. text, .. down, .. up, .. alpha]);
        using var lora = LoraFile.Open(_folder["lora.safetensors"]);

        Assert.Equal(scale, ((LowRankChange)lora.FitTo(_shapes, "tiny", null, "").Changes.Changes["blocks.0.self_attn.q.weight"][0]).Scale);
    }

    public void Dispose()
    {
        _base.Dispose();
        _folder.Dispose();
    }

    private LoraFile Write(params (string Name, long[] Shape)[] tensors) => Write("lora.safetensors", tensors);

    private LoraFile Write(string file, params (string Name, long[] Shape)[] tensors) => PlainLoras.Write(_folder[file], tensors);
}
