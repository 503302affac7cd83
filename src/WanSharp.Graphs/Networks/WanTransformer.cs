using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// The Wan diffusion transformer as ONNX graphs: cut into <see cref="Embed"/>, <see cref="Block"/> and
/// <see cref="Head"/>, so that one compiled block serves every layer's weights, or as a <see cref="Whole"/>. What stays the
/// same from step to step, <see cref="Context"/> and <see cref="Keys"/>, has graphs of its own.
/// </summary>
/// <remarks>
/// <para>Source: Wan-Video/Wan2.1:wan/modules/model.py (t2v, i2v, flf2v) and Wan-Video/Wan2.2:wan/modules/model.py (ti2v, i2v).</para>
/// <para>A timestep may differ between parts of a sample: tokens fall into <c>groups</c> of equal size, in order, and
/// each group has a timestep of its own. One group is Wan 2.1, a group for each latent frame or token is Wan 2.2 TI2V.</para>
/// <para>Samples run at their own length, so attention needs no mask. Activations cross the graphs' borders in F32.</para>
/// </remarks>
public static class WanTransformer
{
    /// <summary>The longest side of a grid of tokens that the tables inside <see cref="Whole"/> serve, as in the official code.</summary>
    private const int MaxPositions = 1024;

    private const double RopeTheta = 10000;
    private const float ClipNormEps = 1e-5f; // torch.nn.LayerNorm's default, which MLPProj keeps.
    private const int Modulations = 6; // Shift, scale and gate of self-attention, then of the feed-forward layer.

    /// <summary>What a prompt, and the images given with it, are to every block: the same in every step of a clip.</summary>
    /// <remarks>
    /// Inputs: <c>context</c> [batch, text_rows, text_dim] (the text's rows, then at least one of zeros unless they are
    /// text_len, which stands for all that follow), and <c>clip_features</c> [batch, clip_tokens, clip_dim] with
    /// <see cref="TransformerConfig.ClipDim"/>. Outputs: <c>context_embedding</c> [batch, text_rows, dim], and with CLIP
    /// <c>image_embedding</c> [batch, clip_tokens, dim].
    /// </remarks>
    public static OnnxGraph Context(TransformerConfig config, GraphOptions options)
    {
        var g = Begin("transformer_context", config, options);
        var context = ContextInput(g, config, "text_rows");
        var clip = ClipFeatures(g, config);
        g.Output("context_embedding", TextEmbedding(g, config, context));
        if (clip is not null)
        {
            g.Output("image_embedding", ImageEmbedding(g, config, clip));
        }

        return g.Build();
    }

    /// <summary>What a block's cross-attention makes of a context: its keys and values, the same in every step of a clip.</summary>
    /// <remarks>
    /// Weights are named relative to <c>blocks.N.</c>. Inputs: the outputs of <see cref="Context"/>.
    /// Outputs: <see cref="KeyNames"/>, [batch, text_rows, dim] or [batch, clip_tokens, dim].
    /// </remarks>
    public static OnnxGraph Keys(TransformerConfig config, GraphOptions options)
    {
        var g = Begin("transformer_keys", config, options);
        var context = g.Input("context_embedding", DType.F32, ["batch", "text_rows", config.Dim]);
        var image = config.ClipDim is null ? null : g.Input("image_embedding", DType.F32, ["batch", config.ClipTokens, config.Dim]);
        foreach (var (name, value) in KeyNames(config).Zip(WriteKeys(g, config, context, image)))
        {
            g.Output(name, g.Cast(value, DType.F32));
        }

        return g.Build();
    }

    /// <summary>The keys and values that a block attends to: of the text, then of the images where there are some.</summary>
    public static IReadOnlyList<string> KeyNames(TransformerConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.ClipDim is null ? ["text_keys", "text_values"] : ["text_keys", "text_values", "image_keys", "image_values"];
    }

    /// <summary>What comes before the blocks.</summary>
    /// <remarks>
    /// Inputs: <c>latents</c> [batch, in_channels, frames, height, width], <c>timestep_embedding</c> [batch, groups,
    /// freq_dim] (<see cref="TimestepEmbedding"/>). Outputs: <c>x</c> [batch, tokens, dim], <c>e</c> [batch, groups, dim],
    /// <c>e0</c> [batch, groups, 6, dim].
    /// </remarks>
    public static OnnxGraph Embed(TransformerConfig config, GraphOptions options)
    {
        var g = Begin("transformer_embed", config, options);
        var latents = Latents(g, config);
        var sinusoid = g.Input("timestep_embedding", DType.F32, ["batch", "groups", config.FreqDim]);

        g.Output("x", PatchEmbedding(g, config, latents));
        var (e, e0) = TimeEmbedding(g, config, sinusoid);
        g.Output("e", e);
        g.Output("e0", e0);
        return g.Build();
    }

    /// <summary>One block; weights are named relative to <c>blocks.N.</c>.</summary>
    /// <remarks>
    /// Inputs: <c>x</c> [batch, tokens, dim], <c>e0</c> [batch, groups, 6, dim], the block's <see cref="Keys"/>, of which
    /// the last row of text stands for all further ones up to text_len, and <c>rope_cos</c>, <c>rope_sin</c> [tokens, head_dim / 2]
    /// (<see cref="RopeTables"/>). Output: <c>x_out</c> [batch, tokens, dim]. Probes: <c>norm1</c>, <c>self_attn</c>,
    /// <c>cross_attn</c>, <c>ffn</c>.
    /// </remarks>
    public static OnnxGraph Block(TransformerConfig config, GraphOptions options)
    {
        var g = Begin("transformer_block", config, options);
        var (x, e0, rope) = BlockInputs(g, config);
        var keys = KeyInputs(g, config, prefix: "");
        g.Output("x_out", WriteBlock(g, config, x, e0, keys, rope, probes: ""));
        return g.Build();
    }

    /// <summary>A part of a block, for clips whose activations are too large at once: the keys and values of some tokens' self-attention.</summary>
    /// <remarks>
    /// Weights are named relative to <c>blocks.N.</c>. Inputs: those of <see cref="Block"/> but for its keys, for consecutive
    /// tokens that are a whole number of groups, or part of one. Outputs: <c>self_keys</c> and <c>self_values</c> [batch, tokens, dim].
    /// </remarks>
    public static OnnxGraph SelfKeys(TransformerConfig config, GraphOptions options)
    {
        var g = Begin("transformer_self_keys", config, options);
        var (x, e0, rope) = BlockInputs(g, config);
        var e = Modulation(g, config, e0);
        var norm1 = Modulated(g, g.LayerNorm(x, "norm1", config.Eps, affine: false), e[0], e[1]);
        using var scope = g.Scope("self_attn");
        g.Output("self_keys", g.Cast(SelfKeys(g, config, norm1, rope), DType.F32));
        g.Output("self_values", g.Cast(g.TolerantLinear(norm1, "v", config.Dim), DType.F32));
        return g.Build();
    }

    /// <summary>The rest of a block, for some of its tokens: what <see cref="Block"/> makes of them.</summary>
    /// <remarks>
    /// Weights are named relative to <c>blocks.N.</c>. Inputs: those of <see cref="Block"/> for consecutive tokens as in
    /// <see cref="SelfKeys(TransformerConfig, GraphOptions)"/>, and <c>self_keys</c>, <c>self_values</c> [batch, all_tokens, dim] of all tokens. Output: <c>x_out</c>
    /// [batch, tokens, dim].
    /// </remarks>
    public static OnnxGraph BlockRows(TransformerConfig config, GraphOptions options)
    {
        var g = Begin("transformer_block_rows", config, options);
        var (x, e0, rope) = BlockInputs(g, config);
        var keys = KeyInputs(g, config, prefix: "");
        var selfKeys = g.Input("self_keys", DType.F32, ["batch", "all_tokens", config.Dim]);
        var selfValues = g.Input("self_values", DType.F32, ["batch", "all_tokens", config.Dim]);
        g.Output("x_out", WriteBlock(g, config, x, e0, keys, rope, probes: "", (selfKeys, selfValues)));
        return g.Build();
    }

    /// <summary>What comes after the blocks.</summary>
    /// <remarks>
    /// Inputs: <c>x</c> [batch, tokens, dim], <c>e</c> [batch, groups, dim] and <c>grid</c> I64 [3], the tokens in frames,
    /// height and width. Output: <c>velocity</c> [batch, out_channels, frames, height, width].
    /// </remarks>
    public static OnnxGraph Head(TransformerConfig config, GraphOptions options)
    {
        var g = Begin("transformer_head", config, options);
        var grid = g.Lengths("grid", ["grid_frames", "grid_height", "grid_width"], "Tokens in frames, height and width.");
        var (f, h, w) = (grid[0], grid[1], grid[2]);
        var x = g.Input("x", DType.F32, ["batch", f * h * w, config.Dim]);
        var e = g.Input("e", DType.F32, ["batch", "groups", config.Dim]);
        g.Output("velocity", Unpatchify(g, config, WriteHead(g, config, x, e), (f, h, w)));
        return g.Build();
    }

    /// <summary>The whole network in one graph that needs nothing computed outside: for export, and to be packed once.</summary>
    /// <remarks>
    /// Inputs: <c>latents</c> [batch, in_channels, frames, height, width], <c>timesteps</c> [batch, groups] (0 to 1000),
    /// <c>context</c> [batch, text_len, text_dim] (zeros after the text), and <c>clip_features</c> with CLIP. Output:
    /// <c>velocity</c> [batch, out_channels, frames, height, width]. Probes: those of the blocks as <c>block0_norm1</c>
    /// and so on, <c>block0</c>, …, <c>patch_embed</c>, <c>e</c>, <c>e0</c>, <c>text_embed</c>, <c>img_emb</c>, <c>head</c>.
    /// </remarks>
    public static OnnxGraph Whole(TransformerConfig config, GraphOptions options)
    {
        var g = Begin("transformer", config, options);
        var latents = Latents(g, config);
        var timesteps = Timesteps(g);
        var context = ContextInput(g, config, config.TextLength);
        var clip = ClipFeatures(g, config);

        var text = g.Probe("text_embed", TextEmbedding(g, config, context));
        var image = clip is null ? null : g.Probe("img_emb", ImageEmbedding(g, config, clip));
        g.Output("velocity", WriteNetwork(g, config, latents, timesteps, _ => WriteKeys(g, config, text, image)));
        return g.Build();
    }

    /// <summary>The whole network but for what stays the same from step to step: one graph to be packed once.</summary>
    /// <remarks>
    /// Inputs: those of <see cref="Whole"/>, and for the context each block's <see cref="Keys"/>, named
    /// <c>blocks.N.text_keys</c> and so on. Output and probes: those of <see cref="Whole"/>, without <c>text_embed</c> and <c>img_emb</c>.
    /// </remarks>
    public static OnnxGraph Step(TransformerConfig config, GraphOptions options)
    {
        var g = Begin("transformer_step", config, options);
        var latents = Latents(g, config);
        var timesteps = Timesteps(g);
        List<GraphValue[]> keys = [.. Enumerable.Range(0, config.Layers).Select(i => KeyInputs(g, config, $"blocks.{i}."))];
        g.Output("velocity", WriteNetwork(g, config, latents, timesteps, block => keys[block]));
        return g.Build();
    }

    /// <summary>Cosines, then sines, of each timestep times 10000^(−i/half), in double, rounded at the end.</summary>
    /// <param name="config">The transformer.</param>
    /// <param name="timesteps">Timesteps, 0 to 1000.</param>
    /// <returns>F32 [timesteps, freq_dim]; reshape it to [batch, groups, freq_dim]. The caller disposes it.</returns>
    public static Tensor TimestepEmbedding(TransformerConfig config, ReadOnlySpan<double> timesteps)
    {
        ArgumentNullException.ThrowIfNull(config);
        var half = config.FreqDim / 2;
        double[] frequencies = [.. Enumerable.Range(0, half).Select(i => Math.Pow(10000, -(double)i / half))];
        var embedding = Tensor.Zeros(DType.F32, [timesteps.Length, config.FreqDim]);
        var values = embedding.Write<float>();
        for (var row = 0; row < timesteps.Length; row++)
        {
            for (var i = 0; i < half; i++)
            {
                var (sin, cos) = Math.SinCos(timesteps[row] * frequencies[i]);
                values[(row * config.FreqDim) + i] = (float)cos;
                values[(row * config.FreqDim) + half + i] = (float)sin;
            }
        }

        return embedding;
    }

    /// <summary>The angles by which the tokens of a grid turn their queries and keys, as cosines and sines.</summary>
    /// <param name="config">The transformer.</param>
    /// <param name="frames">Latent frames.</param>
    /// <param name="height">Latent rows.</param>
    /// <param name="width">Latent columns.</param>
    /// <returns>F32 [tokens, head_dim / 2] each, frames outermost; the caller disposes them.</returns>
    /// <exception cref="GraphException">The latents do not divide into patches.</exception>
    public static (Tensor Cos, Tensor Sin) RopeTables(TransformerConfig config, int frames, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(config);
        var patch = config.PatchSize;
        if (frames % patch.Frames != 0 || height % patch.Height != 0 || width % patch.Width != 0)
        {
            throw new GraphException($"Latents of [{frames}, {height}, {width}] do not divide into patches of [{patch.Frames}, {patch.Height}, {patch.Width}].");
        }

        long[] lengths = [frames / patch.Frames, height / patch.Height, width / patch.Width];
        var half = config.HeadDim / 2;
        var cos = Tensor.Zeros(DType.F32, [lengths[0] * lengths[1] * lengths[2], half]);
        var sin = Tensor.Zeros(DType.F32, cos.Shape);
        var cosValues = cos.Write<float>();
        var sinValues = sin.Write<float>();
        double[][] frequencies = [.. AxisDims(config).Select(Frequencies)];
        var next = 0;
        for (var token = 0L; token < cos.Shape[0]; token++)
        {
            long[] position = [token / (lengths[1] * lengths[2]), token / lengths[2] % lengths[1], token % lengths[2]];
            for (var axis = 0; axis < position.Length; axis++)
            {
                foreach (var frequency in frequencies[axis])
                {
                    var (s, c) = Math.SinCos(position[axis] * frequency);
                    (cosValues[next], sinValues[next]) = ((float)c, (float)s);
                    next++;
                }
            }
        }

        return (cos, sin);
    }

    private static GraphBuilder Begin(string name, TransformerConfig config, GraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        return new GraphBuilder(name, options);
    }

    private static GraphValue Latents(GraphBuilder g, TransformerConfig config) =>
        g.Input("latents", DType.F32, ["batch", config.InChannels, "frames", "height", "width"], "Noisy latents; for image to video joined by mask and image channels.");

    private static GraphValue Timesteps(GraphBuilder g) =>
        g.Input("timesteps", DType.F32, ["batch", "groups"], "Timesteps, 0 to 1000: one for the sample, or one for each latent frame or token.");

    private static (GraphValue X, GraphValue E0, (GraphValue Cos, GraphValue Sin) Rope) BlockInputs(GraphBuilder g, TransformerConfig config) => (
        g.Input("x", DType.F32, ["batch", "tokens", config.Dim]),
        g.Input("e0", DType.F32, ["batch", "groups", Modulations, config.Dim]),
        (g.Input("rope_cos", DType.F32, ["tokens", config.HeadDim / 2]), g.Input("rope_sin", DType.F32, ["tokens", config.HeadDim / 2])));

    private static GraphValue[] KeyInputs(GraphBuilder g, TransformerConfig config, string prefix) =>
        [.. KeyNames(config).Select((name, i) => g.Input(prefix + name, DType.F32, ["batch", i < 2 ? "text_rows" : config.ClipTokens, config.Dim]))];

    private static GraphValue ContextInput(GraphBuilder g, TransformerConfig config, Dim rows) =>
        g.Input("context", DType.F32, ["batch", rows, config.TextDim], "The text encoder's rows for the prompt, then zeros.");

    private static GraphValue? ClipFeatures(GraphBuilder g, TransformerConfig config) => config.ClipDim is { } clipDim
        ? g.Input("clip_features", DType.F32, ["batch", config.ClipTokens, clipDim], "CLIP's rows for the first image, then for the last if the model takes one.")
        : null;

    private static (Dim Frames, Dim Height, Dim Width) Grid(TransformerConfig config, Dim frames, Dim height, Dim width) =>
        (frames / config.PatchSize.Frames, height / config.PatchSize.Height, width / config.PatchSize.Width);

    /// <summary>A convolution whose steps are as long as its kernel, which is a matrix product over patches.</summary>
    private static GraphValue PatchEmbedding(GraphBuilder g, TransformerConfig config, GraphValue latents)
    {
        using var scope = g.Scope("patch_embedding");
        var (channels, patch) = (config.InChannels, config.PatchSize);
        var (f, h, w) = Grid(config, latents.Shape[2], latents.Shape[3], latents.Shape[4]);
        var x = g.Reshape(latents, [latents.Shape[0], channels, f, patch.Frames, h, patch.Height, w, patch.Width]);
        x = g.Transpose(x, [0, 2, 4, 6, 1, 3, 5, 7]); // [batch, f, h, w, channels, patch frames, patch height, patch width]
        x = g.Reshape(x, [latents.Shape[0], f * h * w, channels * patch.Volume]); // [batch, tokens, patch]
        var kernel = g.Weight("weight", [config.Dim, channels, patch.Frames, patch.Height, patch.Width], g.Options.Compute);
        var matrix = g.Reshape(kernel, [config.Dim, channels * patch.Volume]); // [dim, patch]
        return g.Cast(g.Linear(x, matrix, g.Weight("bias", [config.Dim], g.Options.Compute)), DType.F32); // [batch, tokens, dim]
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

    private static GraphValue ImageEmbedding(GraphBuilder g, TransformerConfig config, GraphValue clip)
    {
        using var scope = g.Scope("img_emb");
        if (config.ModelType == ModelType.FirstLastFrameToVideo)
        {
            clip += g.Weight("emb_pos", [1, TransformerConfig.TwoImagesTokens, config.ClipDim!.Value]);
        }

        var x = g.LayerNorm(clip, "proj.0", ClipNormEps);
        x = g.Gelu(g.Linear(x, "proj.1", config.ClipDim!.Value));
        x = g.Linear(x, "proj.3", config.Dim);
        return g.LayerNorm(x, "proj.4", ClipNormEps); // [batch, clip_tokens, dim]
    }

    /// <summary>From latents to velocity, with the keys and values of each block from wherever they come.</summary>
    private static GraphValue WriteNetwork(GraphBuilder g, TransformerConfig config, GraphValue latents, GraphValue timesteps, Func<int, GraphValue[]> keysOf)
    {
        var x = g.Probe("patch_embed", PatchEmbedding(g, config, latents));
        var (e, e0) = TimeEmbedding(g, config, g.Sinusoid(timesteps, config.FreqDim));
        g.Probe("e", e);
        g.Probe("e0", e0);
        var grid = Grid(config, latents.Shape[2], latents.Shape[3], latents.Shape[4]);
        var rope = Rope(g, config, grid);
        for (var i = 0; i < config.Layers; i++)
        {
            using var scope = g.Scope($"blocks.{i}");
            x = g.Probe($"block{i}", WriteBlock(g, config, x, e0, keysOf(i), rope, probes: $"block{i}_"));
        }

        var patches = g.Probe("head", WriteHead(g, config, x, e));
        return Unpatchify(g, config, patches, grid);
    }

    /// <param name="g">Where it is written.</param>
    /// <param name="config">The transformer.</param>
    /// <param name="x">[batch, tokens, dim].</param>
    /// <param name="e0">[batch, groups, 6, dim].</param>
    /// <param name="keys">Of the context, in the order of <see cref="KeyNames"/>.</param>
    /// <param name="rope">The tokens' angles.</param>
    /// <param name="probes">What stands before the probes' names.</param>
    /// <param name="self">The keys and values of self-attention when <paramref name="x"/> is only some of the tokens.</param>
    private static GraphValue WriteBlock(
        GraphBuilder g, TransformerConfig config, GraphValue x, GraphValue e0, GraphValue[] keys, (GraphValue Cos, GraphValue Sin) rope, string probes,
        (GraphValue Keys, GraphValue Values)? self = null)
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

    private static GraphValue InTokens(GraphBuilder g, GraphValue grouped, GraphValue x) => g.Reshape(grouped, [.. x.Shape]); // [batch, tokens, dim]

    private static GraphValue SelfAttention(
        GraphBuilder g, TransformerConfig config, GraphValue x, (GraphValue Cos, GraphValue Sin) rope, (GraphValue Keys, GraphValue Values)? self)
    {
        using var scope = g.Scope("self_attn");
        var q = g.Rope(g.RmsNorm(g.TolerantLinear(x, "q", config.Dim), "norm_q", config.Eps), config.Heads, rope.Cos, rope.Sin);
        var (k, v) = self ?? (SelfKeys(g, config, x, rope), g.TolerantLinear(x, "v", config.Dim));
        return g.TolerantLinear(g.Attention(q, k, v, config.Heads), "o", config.Dim);
    }

    private static GraphValue SelfKeys(GraphBuilder g, TransformerConfig config, GraphValue x, (GraphValue Cos, GraphValue Sin) rope) =>
        g.Rope(g.RmsNorm(g.TolerantLinear(x, "k", config.Dim), "norm_k", config.Eps), config.Heads, rope.Cos, rope.Sin);

    /// <summary>In the order of <see cref="KeyNames"/>; the names of weights are relative to a block.</summary>
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
        if (keys is [_, _, var imageKeys, var imageValues])
        {
            attended += g.Attention(q, imageKeys, imageValues, config.Heads);
        }

        return g.TolerantLinear(attended, "o", config.Dim);
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

    private static GraphValue Unpatchify(GraphBuilder g, TransformerConfig config, GraphValue x, (Dim Frames, Dim Height, Dim Width) grid)
    {
        var ((f, h, w), patch, batch) = (grid, config.PatchSize, x.Shape[0]);
        x = g.Reshape(x, [batch, f, h, w, patch.Frames, patch.Height, patch.Width, config.OutChannels]);
        x = g.Transpose(x, [0, 7, 1, 4, 2, 5, 3, 6]); // [batch, channels, f, patch frames, h, patch height, w, patch width]
        return g.Reshape(x, [batch, config.OutChannels, f * patch.Frames, h * patch.Height, w * patch.Width]);
    }

    /// <summary>The tables of <see cref="RopeTables"/> put together in the graph, for a grid that is known when it runs.</summary>
    private static (GraphValue Cos, GraphValue Sin) Rope(GraphBuilder g, TransformerConfig config, (Dim Frames, Dim Height, Dim Width) grid)
    {
        using var scope = g.Scope("rope");
        return (Table(Math.Cos), Table(Math.Sin));

        GraphValue Table(Func<double, double> wave)
        {
            var (f, h, w) = grid;
            long[] dims = AxisDims(config);
            var axes = new[]
            {
                g.Reshape(Positions(dims[0], f), [f, 1, 1, dims[0]]),
                g.Reshape(Positions(dims[1], h), [1, h, 1, dims[1]]),
                g.Reshape(Positions(dims[2], w), [1, 1, w, dims[2]]),
            };
            var angles = g.Concat([.. axes.Select(axis => g.Expand(axis, [f, h, w, axis.Shape[3]]))], axis: 3); // [f, h, w, head_dim / 2]
            return g.Reshape(angles, [f * h * w, config.HeadDim / 2]); // [tokens, head_dim / 2]

            GraphValue Positions(long dim, Dim length)
            {
                var values = Enumerable.Range(0, MaxPositions).SelectMany(_ => Frequencies(dim), (p, frequency) => (float)wave(p * frequency));
                return g.Slice(g.Constant([.. values], [MaxPositions, dim]), axis: 0, start: 0, length);
            }
        }
    }

    /// <summary>How many pairs of a head turn with the frame, the row and the column.</summary>
    private static long[] AxisDims(TransformerConfig config)
    {
        long side = config.HeadDim / 6;
        return [(config.HeadDim / 2) - (2 * side), side, side];
    }

    private static double[] Frequencies(long dim) => [.. Enumerable.Range(0, (int)dim).Select(i => 1 / Math.Pow(RopeTheta, 2.0 * i / (2 * dim)))];
}
