using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// CLIP's image encoder as ONNX graphs: an <see cref="Embed"/> and one <see cref="Block"/> for every layer's weights, or a
/// <see cref="Whole"/>. Wan 2.1 attends to the features before the last block, so that block, the norm after it and the
/// projection are left out.
/// </summary>
/// <remarks>Source: Wan-Video/Wan2.1:wan/modules/clip.py, <c>VisionTransformer</c> with <c>use_31_block</c>, and its weight
/// names.</remarks>
public static class VisionEncoder
{
    private const float Eps = 1e-5f;
    private const int Colors = 3;

    /// <summary>What comes before the blocks.</summary>
    /// <remarks>
    /// Input: <c>image</c> [batch, 3, image size, image size], standardized as CLIP was trained. Output: <c>x</c> [batch,
    /// tokens, dim], the class's token first, then the patches row by row.
    /// </remarks>
    public static OnnxGraph Embed(VisionEncoderConfig config, GraphOptions options)
    {
        var g = Begin("clip_embed", config, options);
        g.Output("x", WriteEmbedding(g, config));
        return g.Build();
    }

    /// <summary>
    /// One block: <c>x</c> [batch, tokens, dim] to <c>x_out</c> of the same shape; weights are named relative to
    /// <c>visual.transformer.N.</c>.
    /// </summary>
    public static OnnxGraph Block(VisionEncoderConfig config, GraphOptions options)
    {
        var g = Begin("clip_block", config, options);
        g.Output("x_out", WriteBlock(g, config, g.Input("x", DType.F32, ["batch", config.Tokens, config.Dim])));
        return g.Build();
    }

    /// <summary>The encoder in one graph: for export.</summary>
    /// <remarks>
    /// Input: <c>image</c> [batch, 3, image size, image size]. Output: <c>features</c> [batch, tokens, dim]. Probes:
    /// <c>pre_norm</c>, <c>block0</c>, <c>block1</c>, ….
    /// </remarks>
    public static OnnxGraph Whole(VisionEncoderConfig config, GraphOptions options)
    {
        var g = Begin("clip", config, options);
        var x = g.Probe("pre_norm", WriteEmbedding(g, config));
        for (var i = 0; i < config.LayersUsed; i++)
        {
            using var scope = g.Scope(VisionEncoderGraphs.BlockScope(i));
            x = g.Probe($"block{i}", WriteBlock(g, config, x));
        }

        g.Output("features", x);
        return g.Build();
    }

    private static GraphBuilder Begin(string name, VisionEncoderConfig config, GraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        return new GraphBuilder(name, options);
    }

    private static GraphValue WriteEmbedding(GraphBuilder g, VisionEncoderConfig config)
    {
        var image = g.Input(
            "image",
            DType.F32,
            ["batch", Colors, config.ImageSize, config.ImageSize],
            "Pixels less CLIP's mean, divided by its deviation."
        );
        using var scope = g.Scope("visual");
        var (batch, patch) = (image.Shape[0], config.PatchSize);
        var kernel = g.Weight("patch_embedding.weight", [config.Dim, Colors, patch, patch], g.ConvolutionType);
        var x = g.Cast(g.Conv2d(image, kernel, bias: null, stride: patch), DType.F32); // [batch, dim, rows, columns]
        x = g.Transpose(g.Reshape(x, [batch, config.Dim, config.Tokens - 1]), [0, 2, 1]); // [batch, patches, dim]
        var classToken = g.Expand(g.Weight("cls_embedding", [1, 1, config.Dim]), [batch, 1, config.Dim]);
        x = g.Concat([classToken, x], axis: 1); // [batch, tokens, dim]
        return g.LayerNorm(x + g.Weight("pos_embedding", [1, config.Tokens, config.Dim]), "pre_norm", Eps);
    }

    private static GraphValue WriteBlock(GraphBuilder g, VisionEncoderConfig config, GraphValue x)
    {
        x += Attention(g, config, g.LayerNorm(x, "norm1", Eps));
        return x + FeedForward(g, config, g.LayerNorm(x, "norm2", Eps));
    }

    private static GraphValue Attention(GraphBuilder g, VisionEncoderConfig config, GraphValue x)
    {
        using var scope = g.Scope("attn");
        var qkv = g.Chunk(g.Linear(x, "to_qkv", 3 * config.Dim), axis: 2, 3); // 3 of [batch, tokens, dim]
        return g.Linear(g.Attention(qkv[0], qkv[1], qkv[2], config.Heads), "proj", config.Dim);
    }

    private static GraphValue FeedForward(GraphBuilder g, VisionEncoderConfig config, GraphValue x)
    {
        using var scope = g.Scope("mlp");
        var inner = g.Gelu(g.Linear(x, "0", config.MlpRatio * config.Dim)); // [batch, tokens, mlp_ratio · dim]
        return g.Linear(inner, "2", config.Dim); // [batch, tokens, dim]
    }
}
