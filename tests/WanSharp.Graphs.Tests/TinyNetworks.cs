using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Graphs.Tests;

/// <summary>Every network with small dimensions, and a graph that uses every logical operation.</summary>
internal static class TinyNetworks
{
    private static readonly TransformerConfig TextToVideo = new()
    {
        TextLength = 5,
        Dim = 24,
        FfnDim = 32,
        FreqDim = 8,
        TextDim = 12,
        Heads = 2,
        Layers = 2,
    };

    private static readonly TransformerConfig ImageToVideo = TextToVideo with
    {
        ModelType = ModelType.ImageToVideo,
        InChannels = 36,
        VisionDim = 16,
    };

    private static readonly TransformerConfig FirstLastFrameToVideo = ImageToVideo with { ModelType = ModelType.FirstLastFrameToVideo };

    private static readonly VisionEncoderConfig Image = new()
    {
        ImageSize = 8,
        PatchSize = 4,
        Dim = 16,
        MlpRatio = 2,
        Heads = 2,
        Layers = 3,
    };

    private static readonly Umt5Config Text = new()
    {
        Vocabulary = 20,
        Dim = 16,
        AttentionDim = 16,
        FfnDim = 24,
        Heads = 2,
        Layers = 2,
    };

    private static readonly VaeConfig Video = new() { Dim = 4 };

    private static readonly VaeConfig PatchedVideo = VaeConfig.Wan22 with { Dim = 4, DecoderDim = 8 };

    public static OnnxGraph Transformer(GraphOptions options) => WanTransformer.Whole(TextToVideo, options);

    public static IEnumerable<OnnxGraph> All(GraphOptions options)
    {
        foreach (var config in (TransformerConfig[])[TextToVideo, ImageToVideo, FirstLastFrameToVideo])
        {
            yield return WanTransformer.Context(config, options);
            yield return WanTransformer.Keys(config, options);
            yield return WanTransformer.Embed(config, options);
            yield return WanTransformer.Block(config, options);
            yield return WanTransformer.Head(config, options);
            yield return WanTransformer.Whole(config, options);
            yield return WanTransformer.Step(config, options);
        }

        yield return VisionEncoder.Embed(Image, options);
        yield return VisionEncoder.Block(Image, options);
        yield return VisionEncoder.Whole(Image, options);

        if (options.Compute != DType.F16)
        {
            yield return Umt5Encoder.Block(Text, options);
            yield return Umt5Encoder.Norm(Text, options);
            yield return Umt5Encoder.Whole(Text, options);
        }

        foreach (var config in (VaeConfig[])[Video, PatchedVideo])
        {
            yield return WanVae.EncodeFirst(config, options);
            yield return WanVae.EncodeNext(config, options);
            yield return WanVae.DecodeFirst(config, options);
            yield return WanVae.DecodeNext(config, options);
        }

        yield return EveryOperation(options);
    }

    private static OnnxGraph EveryOperation(GraphOptions options)
    {
        var g = new GraphBuilder("operations", options);
        var x = g.Input("x", DType.F32, ["batch", "tokens", 8]);
        var image = g.Input("image", DType.F32, ["batch", 4, "height", "width"]);
        var video = g.Input("video", DType.F32, ["batch", 4, 5, "height", "width"]);
        var angles = g.Input("angles", DType.F32, ["tokens", 2]);
        var ids = g.Input("ids", DType.I64, ["batch", "tokens"]);

        g.Output("linear", g.Linear(x, "linear", 6));
        g.Output("attention", g.Attention(x, x, x, heads: 2));
        g.Output("rope", g.Rope(x, 2, angles, angles));
        g.Output("sinusoid", g.Sinusoid(g.Cast(ids, DType.F32), 6));
        g.Output("norms", g.RmsNorm(g.LayerNorm(g.LayerNorm(x, "layer", 1e-6f), "plain", 1e-6f, affine: false), "rms", 1e-6f));
        g.Output("activations", g.Silu(g.Gelu(g.GeluTanh(g.Cast(x, options.Compute)))));
        g.Output("scalars", g.Clamp(((2f * (1f + x)) - 1f) / 3f, -1, 1));
        g.Output("elementwise", g.Minimum(g.Maximum(x - (x * 0.5f), x / (x + 3f)), g.Sqrt(g.Erf(g.Sigmoid(g.Tanh(x))))));
        g.Output("choice", g.Where(g.Equal(ids, g.Scalar(3, DType.I64)), g.Scalar(1), g.Scalar(0)));
        g.Output("softmax", g.Softmax(x, -1));
        g.Output("product", g.MatMul(x, g.Transpose(x, [0, 2, 1])));
        g.Output("reductions", g.ReduceMean(x, -1) + g.ReduceL2(x, 2));
        g.Output("conv2d", g.Conv2d(g.Pad(image, [0, 0, 0, 0], [0, 0, 1, 1]), "conv2d", 6, kernel: 3, stride: 2));
        g.Output("upsampled", g.UpsampleNearest(image, [1, 1, 2, 2]));
        g.Output("spread", g.DepthToSpace(image, 2));
        g.Output("doubled", g.UpsampledConv2d(image, "doubled", 6));
        g.Output("joined", g.Concat([g.Slice(video, 2, 3, 2), video], 2));
        g.Output("first", g.Split(x, -1, [3, 5])[0]);
        g.Output("second", g.Chunk(x, -1, 2)[1]);
        g.Output("rows", g.Gather(g.Weight("table", [7, 4]), ids));
        g.Output("expanded", g.Expand(g.Reshape(g.Range(x.Shape[1]), [x.Shape[1], 1]), [x.Shape[1], image.Shape[2] + 2]));
        g.Output("part", g.Slice(g.Constant([.. Enumerable.Repeat(1f, 64)], [64, 1]), 0, 1, x.Shape[1]));
        g.Output("reshaped", g.Reshape(image, [x.Shape[0], 4, image.Shape[2] / 2, 2, image.Shape[3] / 2, 2]));
        return g.Build();
    }
}
