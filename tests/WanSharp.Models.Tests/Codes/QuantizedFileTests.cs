using System.Text.Json;
using WanSharp.Graphs;
using WanSharp.Models.Layout;
using WanSharp.Models.Names;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Codes;

/// <summary>Quantized transformers of every tool: the exact numbers that they stand for are used, or the file is refused by name.</summary>
public sealed class QuantizedFileTests : IDisposable
{
    private readonly TinyNetworks _networks = new("wan2.1-t2v-1.3b");
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> ReadFormats => [.. QuantizedFormats.Read.Keys];

    public static TheoryData<string> RefusedFormats => [.. QuantizedFormats.Refused.Keys];

    public void Dispose()
    {
        _networks.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(ReadFormats))]
    public void Read_AFormatThatIsSupported_GivesTheExactNumbers(string format)
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read[format]);
        var path = Write(quantizer, QuantizedFormats.Config(format));
        var file = NetworkFile.Read(path);
        Assert.Equal((null, _networks.Config), (file.Problem, file.Transformer));
        using var weights = new WeightStore(TransformerNames.Names.Find(Checkpoint.Open(path))!);
        foreach (var slot in NetworkSlots.Of(_networks.Config))
        {
            var values = weights.Get(slot).Read<float>().ToArray();
            var expected = quantizer.Expected[slot.Name];
            Assert.Equal(expected.Length, values.Length);
            // the order of a rotation's sums
            Assert.All(expected.Zip(values), pair => Assert.Equal(pair.First, pair.Second, 1e-6f * Math.Max(1, Math.Abs(pair.First))));
        }
    }

    [Theory]
    [MemberData(nameof(RefusedFormats))]
    public void Read_AFormatThatIsNotSupported_IsRefusedByName(string format)
    {
        var (write, called) = QuantizedFormats.Refused[format];
        using var quantizer = Quantizer.Of(_networks.Transformer, write);
        var file = NetworkFile.Read(Write(quantizer, QuantizedFormats.Config(format)));
        Assert.Null(file.Transformer);
        Assert.Contains(called, file.Problem, StringComparison.Ordinal);
        Assert.Contains("blocks.", file.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"quant_method":"sdnq","weights_dtype":"uint4"}""", "SDNQ's uint4")]
    [InlineData("""{"quant_method":"sdnq","weights_dtype":"int8","use_hadamard":true}""", "SDNQ with use_hadamard")]
    [InlineData("""{"quant_method":"sdnq","weights_dtype":"int8","use_svd":true}""", "SDNQ with use_svd")]
    [InlineData("""{"quant_method":"sdnq","weights_dtype":"int8","use_quantized_matmul":true}""", "SDNQ with use_quantized_matmul")]
    [InlineData(
        """{"quant_method":"sdnq","weights_dtype":"int8","modules_quant_config":{"blocks.0":{"use_hadamard":true}}}""",
        "SDNQ with use_hadamard"
    )]
    [InlineData("""{"quant_method":"bitsandbytes","load_in_4bit":true,"bnb_4bit_quant_type":"nf4"}""", "bitsandbytes' NF4")]
    [InlineData("""{"quant_method":"bitsandbytes","load_in_8bit":true}""", "bitsandbytes' int8")]
    [InlineData("""{"quant_method":"torchao"}""", "'torchao'")]
    [InlineData("""{"quant_method":"quanto","weights":"int4"}""", "quanto's int4")]
    [InlineData("""{"bits":4}""", "without a name")]
    public void Read_WithADescription_ItIsUnderstoodOrRefused(string quantization, string called)
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read["sdnq int8"]);
        var path = Write(quantizer, $$"""{"num_attention_heads":1,"quantization_config":{{quantization}}}""");
        Assert.Contains(called, NetworkFile.Read(path).Problem, StringComparison.Ordinal);

        File.WriteAllText(_folder["config.json"], """{"num_attention_heads":1}""");
        Assert.Contains("without a scale", NetworkFile.Read(path).Problem, StringComparison.Ordinal);
        File.WriteAllText(_folder["quantization_config.json"], quantization);
        Assert.Contains(called, NetworkFile.Read(path).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"quant_method":"mystery"}""", "its header says that its weights are quantized by a method called 'mystery'")]
    [InlineData("""{"quant_method":"bitsandbytes","load_in_8bit":true}""", "bitsandbytes' int8")]
    [InlineData("int8", "is not JSON")]
    public void Read_WithADescriptionInTheHeader_ItIsUnderstoodOrRefused(string note, string called)
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read["lightx2v int8"]);
        var notes = new Dictionary<string, string> { ["quantization_config"] = note };
        SafetensorsWriter.Write(_folder["model.safetensors"], quantizer.Stored, notes);
        Assert.Contains(called, NetworkFile.Read(_folder["model.safetensors"]).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NotesInTheHeader_AreThoseOfTheLayers()
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read["comfy int8 convrot"]);
        List<string> layers =
        [
            .. quantizer
                .Stored.Keys.Where(name => name.EndsWith(".comfy_quant", StringComparison.Ordinal))
                .Select(name => name[..^".comfy_quant".Length]),
        ];
        layers.ForEach(layer => quantizer.Stored.Remove(layer + ".comfy_quant"));
        Assert.Null(Read("""{"format":"int8_tensorwise","convrot":true,"convrot_groupsize":16}""", out var numbers).Problem);
        var expected = quantizer.Expected["blocks.1.ffn.0.weight"];
        Assert.All(expected.Zip(numbers), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        Assert.Contains("'nvfp4' is not supported", Read("""{"format":"nvfp4"}""", out _).Problem, StringComparison.Ordinal);
        Assert.Contains("'later'", Read("""{"format":"int8_tensorwise","later":1}""", out _).Problem, StringComparison.Ordinal);
        Assert.Contains("_quantization_metadata", Read("7}", out _).Problem, StringComparison.Ordinal);

        quantizer.Stored[layers[0] + ".comfy_quant"] = quantizer.Text("""{"format":"int8_tensorwise"}""");
        Assert.Contains(
            "differ",
            Read("""{"format":"int8_tensorwise","convrot":true,"convrot_groupsize":16}""", out _).Problem,
            StringComparison.Ordinal
        );
        Assert.Null(Read("""{"format":"int8_tensorwise"}""", out _).Problem);

        NetworkFile Read(string note, out float[] values)
        {
            var notes = $$$"""{"format_version":"1.0","layers":{{{{string.Join(',', layers.Select(layer => $"\"{layer}\":{note}"))}}}}}""";
            SafetensorsWriter.Write(
                _folder["model.safetensors"],
                quantizer.Stored,
                new Dictionary<string, string> { ["_quantization_metadata"] = notes }
            );
            var file = NetworkFile.Read(_folder["model.safetensors"]);
            values = [];
            if (file.Problem is null)
            {
                using var weights = new WeightStore(TransformerNames.Names.Find(Checkpoint.Open(_folder["model.safetensors"]))!);
                values = weights.Get(new WeightSlot("blocks.1.ffn.0.weight", DType.F32, [32, 128])).Read<float>().ToArray();
            }

            return file;
        }
    }

    [Theory]
    [InlineData("comfy int8 by row", "weight_scale", "its scale")]
    [InlineData("comfy int8 convrot", "comfy_quant", "this weight of the same kind has none")]
    [InlineData("comfy scaled fp8", "scale_weight", "this weight of the same kind has none")]
    [InlineData("lightx2v fp8", "weight_scale", "this weight of the same kind has none")]
    [InlineData("lightx2v int8", "weight_scale", "without a scale")]
    [InlineData("quanto int8", "weight._scale", "without a scale")]
    [InlineData("turbodiffusion int8", "scale", "without a scale")]
    [InlineData("sdnq int8", "scale", "without a scale")]
    public void Read_WithoutWhatOneWeightMeans_IsRefused(string format, string lost, string cause)
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read[format]);
        Assert.True(quantizer.Stored.Remove($"blocks.1.self_attn.k.{lost}"));
        Assert.Contains(cause, NetworkFile.Read(Write(quantizer, QuantizedFormats.Config(format))).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("comfy scaled fp8", ".scale_weight", "the tensor scaled_fp8 says")]
    [InlineData("lightx2v fp8", ".weight_scale", "their size says")]
    [InlineData("fp8 by block", ".weight_scale_inv", "their size says")]
    [InlineData("quanto fp8", ".weight._scale", "their size says")]
    public void Read_Fp8WhoseScalesWereLeftOut_IsRefused(string format, string lost, string reason)
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read[format]);
        var scales = quantizer.Stored.Keys.Where(name => name.EndsWith(lost, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(scales);
        scales.ForEach(name => quantizer.Stored.Remove(name));
        var file = NetworkFile.Read(Write(quantizer));
        Assert.Null(file.Transformer);
        Assert.Contains($"have no scales, but {reason} that they were scaled", file.Problem, StringComparison.Ordinal);
    }

    /// <summary>
    /// ComfyUI takes a layer without a scale as it is, whether there is a marker or not. But what marks such a file had scales to mark.
    /// </summary>
    [Fact]
    public void Read_PlainFp8_RunsUnlessSomethingSaysThatItHasScales()
    {
        using var quantizer = Quantizer.Of(
            _networks.Transformer,
            (q, layer, matrix) => q.Stored[layer + ".weight"] = q.Keep(matrix.ConvertTo(DType.F8E4M3))
        );
        Assert.Null(NetworkFile.Read(Write(quantizer)).Problem);

        File.WriteAllText(
            _folder["config.json"],
            """{"_class_name":"WanTransformer3DModel","num_attention_heads":1,"quantization_config":{"quant_method":"fp8"}}"""
        );
        Assert.Contains(
            "config.json says that they were scaled",
            NetworkFile.Read(_folder["model.safetensors"]).Problem,
            StringComparison.Ordinal
        );
        File.Delete(_folder["config.json"]);

        quantizer.Stored["scaled_fp8"] = quantizer.Zeros(DType.F8E4M3, [2]);
        Assert.Contains("the tensor scaled_fp8 says", NetworkFile.Read(Write(quantizer)).Problem, StringComparison.Ordinal);
    }

    /// <summary>A script that scales the matrices of the blocks, and casts all else: what a role has none of is what it says.</summary>
    [Fact]
    public void Read_Fp8OfWhichWholeRolesHaveNoScale_IsReadExactly()
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read["comfy scaled fp8"]);
        List<string> plain = [.. quantizer.Stored.Where(pair => pair.Value.DType == DType.BF16).Select(pair => pair.Key)];
        Assert.Contains("blocks.1.self_attn.norm_q.weight", plain);
        Assert.Contains("text_embedding.0.weight", plain);
        foreach (var name in plain)
        {
            quantizer.Stored[name] = quantizer.Keep(_networks.Transformer[name].ConvertTo(DType.F8E4M3));
            using var wide = quantizer.Stored[name].ConvertTo(DType.F32);
            quantizer.Expected[name] = wide.Read<float>().ToArray();
        }

        var path = Write(quantizer);
        Assert.Null(NetworkFile.Read(path).Problem);
        using (var weights = new WeightStore(TransformerNames.Names.Find(Checkpoint.Open(path))!))
        {
            foreach (var slot in NetworkSlots.Of(_networks.Config))
            {
                Assert.Equal(quantizer.Expected[slot.Name], weights.Get(slot).Read<float>().ToArray());
            }
        }

        using var filled = Tensor.CopyOf<float>(
            _networks.Transformer["head.head.weight"].Shape,
            [.. _networks.Transformer["head.head.weight"].Read<float>().ToArray().Select(value => value * 10000)]
        );
        quantizer.Stored["head.head.weight"] = quantizer.Keep(filled.ConvertTo(DType.F8E4M3));
        var lost = NetworkFile.Read(Write(quantizer)).Problem;
        Assert.Contains("'head.head.weight'", lost, StringComparison.Ordinal);
        Assert.Contains("another program left the scale out", lost, StringComparison.Ordinal);
    }

    /// <summary>A folder may be that of all models, and its description that of one.</summary>
    [Theory]
    [InlineData("architectures", "[\"Qwen2ForCausalLM\"]", false)]
    [InlineData("_class_name", "\"WanTransformer3DModel\"", true)]
    public void Read_NextToADescription_BelievesThatOfItsOwnNetwork(string name, string value, bool isBelieved)
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read["comfy scaled fp8"]);
        var config = $$"""{"{{name}}": {{value}}, "num_attention_heads": 1, "quantization_config": {"quant_method": "bitsandbytes"} }""";
        var problem = NetworkFile.Read(Write(quantizer, config)).Problem;
        Assert.Equal(isBelieved, problem?.Contains("bitsandbytes", StringComparison.Ordinal) == true);
        Assert.Equal(isBelieved, problem is not null);
    }

    /// <summary>Programs that know of no scales cast the codes alone; and one type for 16 bits is written as the other.</summary>
    [Theory]
    [InlineData("comfy scaled fp8", DType.BF16)]
    [InlineData("comfy scaled fp8", DType.F16)]
    [InlineData("lightx2v int8", DType.F32)]
    public void Read_CodesThatWereCastWithoutTheirScales_AreRefused(string format, DType type)
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read[format]);
        foreach (var name in quantizer.Stored.Keys.Where(name => !_networks.Transformer.ContainsKey(name)).ToList())
        {
            quantizer.Stored.Remove(name);
        }

        foreach (var (name, codes) in quantizer.Stored.ToList())
        {
            quantizer.Stored[name] = quantizer.Keep(codes.ConvertTo(type));
        }

        var file = NetworkFile.Read(Write(quantizer));
        Assert.Null(file.Transformer);
        Assert.Contains("cast without their scales", file.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ATransformerWhoseTypeIsTheOtherOf16Bits_IsRefused()
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read["lightx2v int8"]);
        foreach (var (type, other) in new[] { (DType.BF16, DType.F16), (DType.F16, DType.BF16) })
        {
            quantizer.Stored.Clear();
            foreach (var (name, weight) in _networks.Transformer)
            {
                using var half = weight.ConvertTo(type);
                var retyped = quantizer.Zeros(other, weight.Shape);
                half.ReadBytes(0, (int)half.ByteLength).CopyTo(retyped.WriteBytes(0, (int)half.ByteLength));
                quantizer.Stored[name] = retyped;
            }

            Assert.Contains("another type than they have", NetworkFile.Read(Write(quantizer)).Problem, StringComparison.Ordinal);
        }
    }

    /// <summary>A scale that another program keeps to divide by has a name that says nothing; what comes out is no weight.</summary>
    [Theory]
    [InlineData("comfy scaled fp8", ".scale_weight")]
    [InlineData("fp8 by block", ".weight_scale_inv")]
    [InlineData("lightx2v int8", ".weight_scale")]
    public void Read_ScalesThatAreTurnedOver_AreRefusedByName(string format, string suffix)
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read[format]);
        foreach (var name in quantizer.Stored.Keys.Where(name => name.EndsWith(suffix, StringComparison.Ordinal)).ToList())
        {
            var scale = quantizer.Stored[name];
            var turned = scale.Read<float>().ToArray().Select(factor => 1 / factor).ToArray();
            quantizer.Stored[name] = quantizer.Keep(Tensor.CopyOf<float>(scale.Shape, turned));
        }

        var file = NetworkFile.Read(Write(quantizer));
        Assert.Null(file.Transformer);
        Assert.Contains($"{suffix}'", file.Problem, StringComparison.Ordinal);
        Assert.Contains("which weights are not: it may be a scale to divide by", file.Problem, StringComparison.Ordinal);
    }

    /// <summary>A scale as Python's own numbers are.</summary>
    [Fact]
    public void Read_AScaleInDoublePrecision_IsRead()
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read["comfy scaled fp8"]);
        foreach (var name in quantizer.Stored.Keys.Where(name => name.EndsWith(".scale_weight", StringComparison.Ordinal)).ToList())
        {
            var bits = BitConverter.DoubleToInt64Bits(quantizer.Stored[name].Read<float>()[0]);
            quantizer.Stored[name] = quantizer.Keep(Tensor.CopyOf<long>([1], [bits]));
        }

        var path = Write(quantizer);
        var bytes = File.ReadAllBytes(path);
        for (int at; (at = bytes.AsSpan().IndexOf("\"I64\""u8)) >= 0; )
        {
            bytes[at + 1] = (byte)'F'; // the writer has no such type
        }

        File.WriteAllBytes(path, bytes);
        Assert.Null(NetworkFile.Read(path).Problem);
        using var weights = new WeightStore(TransformerNames.Names.Find(Checkpoint.Open(path))!);
        var values = weights.Get(new WeightSlot("blocks.1.ffn.0.weight", DType.F32, [32, 128])).Read<float>().ToArray();
        Assert.Equal(quantizer.Expected["blocks.1.ffn.0.weight"], values);
    }

    [Theory]
    [InlineData("model_int8_convrot_merged.safetensors", true)]
    [InlineData("model_ConvRot.safetensors", true)]
    [InlineData("model_int8.safetensors", false)]
    public void Read_RotatedCodesWhoseNotesWereLeftOut_AreRefusedByTheFilesName(string name, bool isRefused)
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read["lightx2v int8"]);
        SafetensorsWriter.Write(_folder[name], quantizer.Stored);
        var problem = NetworkFile.Read(_folder[name]).Problem;
        Assert.Equal(isRefused, problem?.Contains("was rotated before it was quantized", StringComparison.Ordinal) == true);
        Assert.Equal(isRefused, problem is not null);
    }

    [Fact]
    public void Read_AScaleOfAWeightThatIsNotQuantized_IsRefusedUnlessItIsOne()
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Read["comfy scaled fp8"]);
        quantizer.Stored["text_embedding.0.scale_weight"] = quantizer.Number(1);
        Assert.Null(NetworkFile.Read(Write(quantizer, config: null)).Problem);
        quantizer.Stored["text_embedding.0.scale_weight"] = quantizer.Number(2);
        Assert.Contains("not quantized", NetworkFile.Read(Write(quantizer, config: null)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_OfARefusedFile_SaysWhatOpeningSays()
    {
        using var quantizer = Quantizer.Of(_networks.Transformer, QuantizedFormats.Refused["nvfp4"].Write);
        var path = Write(quantizer, config: null);
        var opened = Assert.Throws<CheckpointException>(() => WanModel.Open(path)).Message;
        Assert.Contains(NetworkFile.Read(path).Reason!, opened, StringComparison.Ordinal);
    }

    private string Write(Quantizer quantizer, string? config = null)
    {
        if (config is not null)
        {
            Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(config).RootElement.ValueKind);
            File.WriteAllText(_folder["config.json"], config);
        }

        SafetensorsWriter.Write(_folder["model.safetensors"], quantizer.Stored);
        return _folder["model.safetensors"];
    }
}
