using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Detection;
using WanSharp.Models.Layout;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Detection;

/// <summary>A description next to a transformer must be its own.</summary>
public sealed class TransformerDescriptionTests
{
    [Theory]
    [InlineData("\"dim\":5120,\"num_heads\":40", "describes another network")]
    [InlineData("\"num_attention_heads\":2,\"attention_head_dim\":128", "describes another network")]
    [InlineData("\"num_heads\":7", "describes another network")]
    [InlineData("\"num_heads\":0", "describes another network")]
    [InlineData("\"num_layers\":40", "says 40")]
    [InlineData("\"window_size\":[11, 11]", "its window_size is [11, 11], which is computed otherwise")]
    [InlineData("\"local_attn_size\":21", "its local_attn_size is 21")]
    [InlineData("\"qk_norm\":false", "its qk_norm is False")]
    [InlineData("\"rope_theta\":256", "its rope_theta is 256")]
    [InlineData("\"rope_scaling\":{\"factor\":2}", "its rope_scaling is")]
    [InlineData("\"model_type\":\"s2v\"", "its model_type is s2v, which is not supported")]
    public void Detect_ADescriptionOfAnotherNetwork_IsRefusedByItsPath(string description, string expected)
    {
        using var folder = new TemporaryFolder();
        using var weights = TransformerWeights();
        SafetensorsWriter.Write(folder["model.safetensors"], weights.Tensors);
        File.WriteAllText(folder["config.json"], $$"""{"_class_name":"WanModel",{{description}}}""");

        using var stored = Checkpoint.Open(folder["model.safetensors"]);
        var message = Assert.Throws<CheckpointException>(() => TransformerDetection.Detect(stored)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(folder["config.json"], message, StringComparison.Ordinal);
    }

    /// <summary>In a flat folder the description may be that of the image encoder, or of the VAE.</summary>
    [Theory]
    [InlineData("\"architectures\":[\"CLIPVisionModel\"],\"num_attention_heads\":16,\"hidden_size\":1280")]
    [InlineData("\"model_type\":\"clip_vision_model\",\"num_attention_heads\":16")]
    [InlineData("\"_class_name\":\"AutoencoderKLWan\",\"num_attention_heads\":16")]
    public void Detect_ADescriptionOfAnotherKindOfNetwork_SaysNothing(string description)
    {
        using var folder = new TemporaryFolder();
        using var weights = TransformerWeights();
        SafetensorsWriter.Write(folder["model.safetensors"], weights.Tensors);
        using var stored = Checkpoint.Open(folder["model.safetensors"]);
        var expected = Detected();
        File.WriteAllText(folder["config.json"], $"{{{description}}}");

        Assert.Equal(expected, Detected());

        string Detected()
        {
            try
            {
                return TransformerDetection.Detect(stored).ToString();
            }
            catch (CheckpointException e)
            {
                return e.Message;
            }
        }
    }

    /// <summary>Tensors do not tell these two: a description must show that it is the transformer's.</summary>
    [Theory]
    [InlineData("\"_class_name\":\"WanModel\"", true)]
    [InlineData("\"dim\":DIM,\"num_heads\":HEADS,\"num_layers\":LAYERS", true)]
    [InlineData("\"num_heads\":HEADS", false)]
    [InlineData("\"name\":\"something\"", false)]
    public void Detect_ADescriptionThatSaysNothingToCompare_IsNotBelieved(string description, bool isBelieved)
    {
        using var folder = new Layout.TinyFolder("wan2.1-t2v-1.3b");
        var config = folder.Networks.Config;
        description = description
            .Replace("DIM", $"{config.Dim}", StringComparison.Ordinal)
            .Replace("HEADS", $"{config.Heads}", StringComparison.Ordinal)
            .Replace("LAYERS", $"{config.Layers}", StringComparison.Ordinal);
        folder.Text("config.json", $$"""{ {{description}},"eps":0.5,"text_len":7}""");
        var read = NetworkFile.Read(folder.Transformer("model.safetensors")).Transformer!;
        Assert.Equal(isBelieved ? (0.5f, 7) : (config.Eps, new TransformerConfig().TextLength), (read.Eps, read.TextLength));
    }

    [Fact]
    public void Detect_ADescriptionThatSpeaksOfImages_MustHaveTensorsForThem()
    {
        using var folder = new Layout.TinyFolder("wan2.1-t2v-1.3b");
        folder.Text("config.json", """{"_class_name":"WanModel","model_type":"i2v"}""");
        Assert.Contains(
            "but its tensors take no image",
            NetworkFile.Read(folder.Transformer("model.safetensors")).Reason,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Detect_ATransformerOfAnotherClass_IsRefusedByItsName()
    {
        using var folder = new TemporaryFolder();
        using var weights = TransformerWeights();
        SafetensorsWriter.Write(folder["model.safetensors"], weights.Tensors);
        File.WriteAllText(folder["config.json"], """{"_class_name":"ChronoEditTransformer3DModel","num_attention_heads":2}""");

        using var stored = Checkpoint.Open(folder["model.safetensors"]);
        var message = Assert.Throws<CheckpointException>(() => TransformerDetection.Detect(stored)).Message;
        Assert.Contains("ChronoEditTransformer3DModel, which is not supported", message, StringComparison.Ordinal);
    }

    /// <summary>Their tensors tell whether they are plain; a causal one is run as one that is not, and that is said.</summary>
    [Theory]
    [InlineData("CausalWanModel", 1)]
    [InlineData("CausalWanTransformer3DModel", 1)]
    [InlineData("SkyReelsV2Transformer3DModel", 0)]
    public void Find_ATransformerOfAClassWithPlainTensors_Runs(string name, int notes)
    {
        using var folder = new Layout.TinyFolder("wan2.1-t2v-1.3b").Comfy();
        folder.Text("diffusion_models/config.json", $$"""{"_class_name":"{{name}}"}""");

        var parts = folder.Find(folder.Transformer("diffusion_models/model.safetensors"));

        Assert.Equal(notes, parts.Notes.Count(note => note.Contains("in chunks", StringComparison.Ordinal)));
    }

    /// <summary>Wan 2.2 makes clips between two frames without CLIP.</summary>
    [Fact]
    public void Find_AnExpertWithoutClipThatIsCalledFirstLast_Runs()
    {
        using var folder = new Layout.TinyFolder("wan2.2-i2v-a14b").Comfy();
        var high = folder.HighNoise("diffusion_models/wan2.2_flf2v_high_noise_14B.safetensors");
        folder.Transformer("diffusion_models/wan2.2_flf2v_low_noise_14B.safetensors");

        Assert.Equal("wan2.2-i2v-a14b", folder.Find(high).Name);
    }

    private static RandomWeights TransformerWeights() => new(1, WanTransformer.Whole(NetworkNamesTests.TwoImages, new GraphOptions()));
}
