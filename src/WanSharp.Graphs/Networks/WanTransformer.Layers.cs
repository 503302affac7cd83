using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <content>The layers that the graphs are made of, in the order in which latents pass them.</content>
public static partial class WanTransformer
{
    private const float VisionNormEps = 1e-5f; // torch.nn.LayerNorm's default, which MLPProj keeps.

    /// <summary>A convolution whose steps are as long as its kernel, which is a matrix product over patches.</summary>
    private static GraphValue PatchEmbedding(
        GraphBuilder g,
        TransformerConfig config,
        GraphValue latents,
        int channels,
        string name = "patch_embedding",
        bool isFlat = false
    )
    {
        using var scope = g.Scope(name);
        var patch = config.PatchSize;
        var (f, h, w) = Grid(config, latents.Shape[2], latents.Shape[3], latents.Shape[4]);
        var x = g.Reshape(latents, [latents.Shape[0], channels, f, patch.Frames, h, patch.Height, w, patch.Width]);
        x = g.Transpose(x, [0, 2, 4, 6, 1, 3, 5, 7]); // [batch, f, h, w, channels, patch frames, patch height, patch width]
        x = g.Reshape(x, [latents.Shape[0], f * h * w, channels * patch.Volume]); // [batch, tokens, patch]
        long[] kernelShape = [config.Dim, channels, .. isFlat ? (long[])[] : [patch.Frames], patch.Height, patch.Width];
        var kernel = g.Weight("weight", kernelShape, g.Compute);
        var matrix = g.Reshape(kernel, [config.Dim, channels * patch.Volume]); // [dim, patch]
        var tokens = g.Linear(x, matrix, g.Weight("bias", [config.Dim], g.Compute)); // [batch, tokens, dim]
        return g.Cast(g.WithAdapter(tokens, x), DType.F32);
    }

    private static (GraphValue E, GraphValue E0) TimeEmbedding(GraphBuilder g, TransformerConfig config, GraphValue sinusoid)
    {
        var e = g.Linear(sinusoid, "time_embedding.0", config.Dim, precision: DType.F32); // [batch, groups, dim]
        e = g.Linear(g.Silu(e), "time_embedding.2", config.Dim, precision: DType.F32);
        var e0 = g.Linear(g.Silu(e), "time_projection.1", Modulations * config.Dim, precision: DType.F32);
        return (e, g.Reshape(e0, [e.Shape[0], e.Shape[1], Modulations, config.Dim])); // [batch, groups, 6, dim]
    }

    private static GraphValue TextEmbedding(GraphBuilder g, TransformerConfig config, GraphValue context)
    {
        var x = g.GeluTanh(g.Linear(context, "text_embedding.0", config.Dim));
        return g.Cast(g.Linear(x, "text_embedding.2", config.Dim), DType.F32); // [batch, text_len, dim]
    }

    private static GraphValue ImageEmbedding(GraphBuilder g, TransformerConfig config, GraphValue features)
    {
        using var scope = g.Scope("img_emb");
        if (config.ModelType == ModelType.FirstLastFrameToVideo)
        {
            features += g.Weight("emb_pos", [1, TransformerConfig.TwoImagesTokens, config.VisionDim!.Value]);
        }

        var x = g.LayerNorm(features, "proj.0", VisionNormEps);
        x = g.Gelu(g.Linear(x, "proj.1", config.VisionDim!.Value));
        x = g.Linear(x, "proj.3", config.Dim);
        return g.LayerNorm(x, "proj.4", VisionNormEps); // [batch, clip_tokens, dim]
    }

    /// <summary>From latents to velocity, with the keys and values of each block from wherever they come.</summary>
    private static GraphValue WriteNetwork(
        GraphBuilder g,
        TransformerConfig config,
        GraphValue latents,
        GraphValue timesteps,
        Func<int, GraphValue[]> keysOf
    )
    {
        var x = g.Probe("patch_embed", Tokens(g, config, latents));
        var control = EmbedControl(g, config, latents);
        var (e, e0) = TimeEmbedding(g, config, g.Sinusoid(timesteps, config.FreqDim));
        g.Probe("e", e);
        g.Probe("e0", e0);
        var grid = Grid(config, latents.Shape[2], latents.Shape[3], latents.Shape[4]);
        var rope = Rope(g, config, grid);
        for (var i = 0; i < config.Layers; i++)
        {
            using var scope = g.Scope(TransformerGraphs.BlockScope(i));
            (x, control) = WriteControlledBlock(g, config, i, x, control, e0, keysOf(i), rope, probes: $"block{i}_");
            g.Probe($"block{i}", x);
        }

        var patches = g.Probe("head", WriteHead(g, config, x, e));
        return Velocity(g, config, patches, grid);
    }

    /// <param name="g">Where it is written.</param>
    /// <param name="config">The transformer.</param>
    /// <param name="x">[batch, tokens, dim].</param>
    /// <param name="e0">[batch, groups, 6, dim].</param>
    /// <param name="keys">Of the context, in the order of <see cref="KeyNames"/>, then of <see cref="NegativeNames"/>, if any.</param>
    /// <param name="rope">The tokens' angles.</param>
    /// <param name="probes">What stands before the probes' names.</param>
    /// <param name="self">The keys and values of self-attention when <paramref name="x"/> is only some of the tokens.</param>
    private static GraphValue WriteBlock(
        GraphBuilder g,
        TransformerConfig config,
        GraphValue x,
        GraphValue e0,
        GraphValue[] keys,
        (GraphValue Cos, GraphValue Sin) rope,
        string probes,
        (GraphValue Keys, GraphValue Values)? self = null
    )
    {
        var e = Modulation(g, config, e0);
        var norm1 = g.Probe($"{probes}norm1", g.LayerNorm(x, "norm1", config.Eps, affine: false));
        var y = g.Probe($"{probes}self_attn", SelfAttention(g, config, Modulated(g, norm1, e[0], e[1]), rope, self));
        x += Gated(g, y, e[2]);

        var norm3 = g.LayerNorm(x, "norm3", config.Eps);
        x += g.Probe($"{probes}cross_attn", CrossAttention(g, config, norm3, keys));

        var norm2 = g.LayerNorm(x, "norm2", config.Eps, affine: false);
        y = g.Probe($"{probes}ffn", FeedForward(g, config, Modulated(g, norm2, e[3], e[4])));
        return x + Gated(g, y, e[5]);
    }

    /// <summary>6 of [batch, groups, 1, dim].</summary>
    private static GraphValue[] Modulation(GraphBuilder g, TransformerConfig config, GraphValue e0) =>
        g.Chunk(g.Weight("modulation", [1, Modulations, config.Dim]) + e0, axis: 2, Modulations);

    private static GraphValue Modulated(GraphBuilder g, GraphValue x, GraphValue shift, GraphValue scale) =>
        InTokens(g, (InGroups(g, x, shift) * (scale + 1f)) + shift, x);

    private static GraphValue Gated(GraphBuilder g, GraphValue x, GraphValue gate) => InTokens(g, InGroups(g, x, gate) * gate, x);

    /// <summary>[batch, tokens, dim] → [batch, groups, tokens / groups, dim], for a factor of [batch, groups, 1, dim].</summary>
    private static GraphValue InGroups(GraphBuilder g, GraphValue x, GraphValue factor) =>
        g.Reshape(x, [x.Shape[0], factor.Shape[1], x.Shape[1] / factor.Shape[1], x.Shape[2]]);

    // [batch, tokens, dim]
    private static GraphValue InTokens(GraphBuilder g, GraphValue grouped, GraphValue x) => g.Reshape(grouped, [.. x.Shape]);

    private static GraphValue SelfAttention(
        GraphBuilder g,
        TransformerConfig config,
        GraphValue x,
        (GraphValue Cos, GraphValue Sin) rope,
        (GraphValue Keys, GraphValue Values)? self
    )
    {
        using var scope = g.Scope("self_attn");
        var q = g.Rope(g.RmsNorm(g.TolerantLinear(x, "q", config.Dim), "norm_q", config.Eps), config.Heads, rope.Cos, rope.Sin);
        var (k, v) = self ?? (SelfKeys(g, config, x, rope), g.TolerantLinear(x, "v", config.Dim));
        return g.TolerantLinear(g.Attention(q, k, v, config.Heads), "o", config.Dim);
    }

    private static GraphValue SelfKeys(GraphBuilder g, TransformerConfig config, GraphValue x, (GraphValue Cos, GraphValue Sin) rope) =>
        g.Rope(g.RmsNorm(g.TolerantLinear(x, "k", config.Dim), "norm_k", config.Eps), config.Heads, rope.Cos, rope.Sin);

    /// <summary>In the order of <see cref="KeyNames"/>; the names of weights are relative to a block.</summary>
    private static GraphValue[] WriteKeys(GraphBuilder g, TransformerConfig config, int block, GraphValue context, GraphValue? image)
    {
        var keys = WriteKeys(g, config, context, image);
        if (!config.IsControlled(block))
        {
            return keys;
        }

        using var control = g.Scope(ControlScope);
        return [.. keys, .. WriteKeys(g, config, context, image: null)];
    }

    private static GraphValue[] WriteKeys(GraphBuilder g, TransformerConfig config, GraphValue context, GraphValue? image)
    {
        using var scope = g.Scope("cross_attn");
        GraphValue[] text = [KeysOf(context, "k", "norm_k"), g.Linear(context, "v", config.Dim)]; // [batch, text_rows, dim] each
        return image is null ? text : [.. text, KeysOf(image, "k_img", "norm_k_img"), g.Linear(image, "v_img", config.Dim)];

        GraphValue KeysOf(GraphValue source, string projection, string norm) =>
            g.RmsNorm(g.Linear(source, projection, config.Dim), norm, config.Eps);
    }

    private static GraphValue CrossAttention(GraphBuilder g, TransformerConfig config, GraphValue x, GraphValue[] keys)
    {
        using var scope = g.Scope("cross_attn");
        var q = g.RmsNorm(g.TolerantLinear(x, "q", config.Dim), "norm_q", config.Eps);
        var attended = g.Attention(q, WithPadding(g, config, keys[0]), WithPadding(g, config, keys[1]), config.Heads);
        var images = config.VisionDim is null ? 0 : 2; // keys and values
        if (keys.Length > 2 + images)
        {
            var (negativeKeys, negativeValues, guidance) = (keys[^3], keys[^2], keys[^1]);
            var negative = g.Attention(q, WithPadding(g, config, negativeKeys), WithPadding(g, config, negativeValues), config.Heads);
            attended = Guided(g, attended, negative, guidance);
        }

        if (images > 0)
        {
            attended += g.Attention(q, keys[2], keys[3], config.Heads);
        }

        return g.TolerantLinear(attended, "o", config.Dim);
    }

    /// <summary>
    /// Normalized attention guidance: z = s·p − (s − 1)·n, cut to τ times the length of p, and α of it mixed with p. The length is the
    /// sum of absolute values of a token.
    /// </summary>
    /// <remarks>
    /// Chen et al., arXiv 2505.21179; kijai/ComfyUI-KJNodes:nodes/model_optimization_nodes.py, <c>normalized_attention_guidance</c>.
    /// </remarks>
    /// <param name="g">Where it is written.</param>
    /// <param name="positive">What the prompt's attention gives, [batch, tokens, dim].</param>
    /// <param name="negative">What the negative prompt's gives, [batch, tokens, dim].</param>
    /// <param name="guidance">s, τ and α of each sample, [batch, 3].</param>
    internal static GraphValue Guided(GraphBuilder g, GraphValue positive, GraphValue negative, GraphValue guidance)
    {
        const float Epsilon = 1e-7f;
        var parts = g.Chunk(g.Reshape(guidance, [guidance.Shape[0], 1, 3]), axis: 2, 3); // 3 of [batch, 1, 1]
        var (scale, tau, alpha) = (parts[0], parts[1], parts[2]);
        var p = g.Cast(positive, DType.F32);
        var z = (p * scale) - (g.Cast(negative, DType.F32) * (scale - 1f));
        var longest = g.ReduceL1(p, axis: 2) * tau; // [batch, tokens, 1]
        z *= g.Minimum(longest / (g.ReduceL1(z, axis: 2) + Epsilon), g.Scalar(1));
        return g.Cast((z * alpha) + (p - (p * alpha)), positive.DType);
    }

    /// <summary>
    /// [batch, rows, dim] → [batch, text_len, dim] by repeating the last row: what follows a text are zeros, whose keys and
    /// values are all alike and need computing once.
    /// </summary>
    private static GraphValue WithPadding(GraphBuilder g, TransformerConfig config, GraphValue text)
    {
        var (batch, rows) = (text.Shape[0], text.Shape[1]);
        if (rows == config.TextLength)
        {
            return text;
        }

        var last = g.Slice(text, axis: 1, rows - 1, 1); // [batch, 1, dim]
        var repeated = g.Expand(last, [batch, config.TextLength - rows + 1, config.Dim]);
        return g.Concat([g.Slice(text, axis: 1, 0, rows - 1), repeated], axis: 1);
    }

    private static GraphValue FeedForward(GraphBuilder g, TransformerConfig config, GraphValue x)
    {
        var inner = g.GeluTanh(g.TolerantLinear(x, "ffn.0", config.FfnDim)); // [batch, tokens, ffn_dim]
        return g.TolerantLinear(inner, "ffn.2", config.Dim); // [batch, tokens, dim]
    }

    private static GraphValue WriteHead(GraphBuilder g, TransformerConfig config, GraphValue x, GraphValue e)
    {
        using var scope = g.Scope("head");
        var (batch, tokens, groups) = (x.Shape[0], x.Shape[1], e.Shape[1]);
        var both = g.Weight("modulation", [1, 2, config.Dim]) + g.Reshape(e, [batch, groups, 1, config.Dim]); // [batch, groups, 2, dim]
        var parts = g.Chunk(both, axis: 2, 2); // 2 of [batch, groups, 1, dim]
        var (shift, scale) = (parts[0], parts[1]);
        var norm = g.LayerNorm(x, "norm", config.Eps, affine: false);
        var grouped = g.Reshape(norm, [batch, groups, tokens / groups, config.Dim]);
        var modulated = g.Reshape((grouped * (scale + 1f)) + shift, [batch, tokens, config.Dim]);
        return g.Linear(modulated, "head", config.OutChannels * config.PatchSize.Volume, precision: DType.F32); // [batch, tokens, patch]
    }

    /// <summary>What the network says, and nothing for the frame of a reference, which is not made.</summary>
    private static GraphValue Velocity(GraphBuilder g, TransformerConfig config, GraphValue x, (Dim Frames, Dim Height, Dim Width) grid)
    {
        var velocity = Unpatchify(g, config, x, grid);
        return config.TakesReference
            ? g.Concat([g.Slice(velocity, 2, 0, 1) * 0f, g.Slice(velocity, 2, 1, velocity.Shape[2] - 1)], axis: 2)
            : velocity;
    }

    private static GraphValue Unpatchify(GraphBuilder g, TransformerConfig config, GraphValue x, (Dim Frames, Dim Height, Dim Width) grid)
    {
        var ((f, h, w), patch, batch) = (grid, config.PatchSize, x.Shape[0]);
        x = g.Reshape(x, [batch, f, h, w, patch.Frames, patch.Height, patch.Width, config.OutChannels]);
        x = g.Transpose(x, [0, 7, 1, 4, 2, 5, 3, 6]); // [batch, channels, f, patch frames, h, patch height, w, patch width]
        return g.Reshape(x, [batch, config.OutChannels, f * patch.Frames, h * patch.Height, w * patch.Width]);
    }
}
