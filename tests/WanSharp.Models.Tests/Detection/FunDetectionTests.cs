using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models.Detection;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests.Detection;

/// <summary>VideoX-Fun's checkpoints are told by what they have and take, and InP by its name.</summary>
public sealed class FunDetectionTests : IDisposable
{
    private static readonly TransformerConfig Small = new()
    {
        ModelType = ModelType.Fun,
        TextLength = 512,
        Dim = 128,
        FfnDim = 8,
        FreqDim = 8,
        TextDim = 8,
        Heads = 1,
        Layers = 1,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Channels in and out, CLIP, a reference, a camera's stride, and the model's name where the file's says nothing.</summary>
    [Theory]
    [InlineData(36, 16, true, false, null, "wan2.1-fun-1.3b-inp", "wan2.1_fun_inp_1.3B_bf16.safetensors")]
    [InlineData(36, 16, false, false, null, "wan2.2-fun-a14b-inp", "wan2.2_fun_inpaint_low_noise_14B.safetensors")]
    [InlineData(48, 16, true, false, null, "wan2.1-fun-1.3b-control", "any.safetensors")]
    [InlineData(48, 16, true, true, null, "wan2.1-fun-1.3b-control", "any.safetensors")]
    [InlineData(52, 16, false, true, null, "wan2.2-fun-a14b-control", "any.safetensors")]
    [InlineData(32, 16, true, false, 8, "wan2.1-fun-1.3b-camera", "any.safetensors")]
    [InlineData(36, 16, false, false, 8, "wan2.2-fun-a14b-camera", "any.safetensors")]
    [InlineData(100, 48, false, false, null, "wan2.2-fun-5b-inp", "any.safetensors")]
    [InlineData(148, 48, false, true, null, "wan2.2-fun-5b-control", "any.safetensors")]
    [InlineData(100, 48, false, false, 16, "wan2.2-fun-5b-camera", "any.safetensors")]
    public void Detect_OfEachModel_TellsWhatItIs(
        int channels,
        int of,
        bool hasVision,
        bool hasReference,
        int? stride,
        string name,
        string file
    )
    {
        var config = Small with
        {
            InChannels = channels,
            OutChannels = of,
            VisionDim = hasVision ? 8 : null,
            TakesReference = hasReference,
            CameraStride = stride,
        };
        using var written = Write(config, file);

        var detected = TransformerDetection.Detect(written);

        Assert.Equal(config, detected);
        Assert.Equal(name, ModelVariant.Of(detected, hasExperts: name.Contains("a14b", StringComparison.Ordinal)).Name);
        NetworkCheck.Require(written, new TransformerGraphs(config, new GraphOptions()).Weights);
        var reader = new NetworkReader(written);
        reader.ReadAll();
        Assert.Empty(reader.Problems);
    }

    [Fact]
    public void Detect_OfInpThatIsCalledSomethingElse_IsAnImageToVideoModel()
    {
        using var written = Write(Small with { InChannels = 36, VisionDim = 8 }, "any.safetensors");

        Assert.Equal(ModelType.ImageToVideo, TransformerDetection.Detect(written).ModelType);
    }

    [Theory]
    [InlineData("inpainting/wan2.2_i2v_high_noise_14B_fp16.safetensors", false)]
    [InlineData("InP/wan2.2_i2v_high_noise_14B_fp16.safetensors", false)]
    [InlineData("wan_fun_inp/wan2.2_i2v_high_noise_14B_fp16.safetensors", false)]
    [InlineData("inpainting/wan_high.safetensors", false)]
    [InlineData("any/wan2.2_fun_i2v_inp_low.safetensors", true)]
    [InlineData("any/Wan2.1-Fun-1.3B-InP.safetensors", true)]
    [InlineData("Wan2.2-Fun-A14B-InP/high.gguf", true)]
    [InlineData("Wan2.2-Fun-A14B-InP/high_noise_model/diffusion_pytorch_model.safetensors", true)]
    public void IsInpainting_IsSaidByTheFile_AndByAFolderThatIsCalledAsTheModelIs(string path, bool expected) =>
        Assert.Equal(expected, NamedFamilies.IsInpainting(Path.Combine(Path.GetTempPath(), path)));

    [Fact]
    public void Detect_OfACameraOfAnotherKind_SaysSo()
    {
        using var weights = new RandomWeights(
            1,
            WanTransformer.Whole(Small with { InChannels = 32, CameraStride = 8 }, new GraphOptions())
        );
        var tensors = weights.Tensors.ToDictionary();
        using var other = Tensor.Zeros(DType.F32, [128, 100, 2, 2]);
        tensors["control_adapter.conv.weight"] = other;
        SafetensorsWriter.Write(_folder["any.safetensors"], tensors);
        using var file = Checkpoint.Open(_folder["any.safetensors"]);

        Assert.Contains("another kind of camera", Assert.Throws<CheckpointException>(() => TransformerDetection.Detect(file)).Message);
    }

    private ICheckpoint Write(TransformerConfig config, string file)
    {
        using var weights = new RandomWeights(1, WanTransformer.Whole(config, new GraphOptions()));
        SafetensorsWriter.Write(_folder[file], weights.Tensors.ToDictionary());
        return Checkpoint.Open(_folder[file]);
    }
}
