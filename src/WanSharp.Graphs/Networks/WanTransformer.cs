using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// The Wan diffusion transformer as ONNX graphs: cut into <see cref="Embed"/>, <see cref="Block"/> and
/// <see cref="Head"/>, so that one compiled block serves every layer's weights, or as a <see cref="Whole"/>. What stays the
/// same from step to step, <see cref="Context"/> and <see cref="Keys"/>, has its own graphs.
/// </summary>
/// <remarks>
/// <para>Source: Wan-Video/Wan2.1:wan/modules/model.py (t2v, i2v, flf2v) and Wan-Video/Wan2.2:wan/modules/model.py (ti2v, i2v).</para>
/// <para>A timestep may differ between parts of a sample: tokens fall into <c>groups</c> of equal size, in order, and
/// each group has its own timestep. One group is Wan 2.1, a group for each latent frame or token is Wan 2.2 TI2V.</para>
/// <para>Samples run at their own length, so attention needs no mask. Activations cross the graphs' borders in F32.</para>
/// </remarks>
public static partial class WanTransformer
{
    private const int Modulations = 6; // Shift, scale and gate of self-attention, then of the feed-forward layer.

    /// <summary>What a prompt, and the images given with it, are to every block: the same in every step of a clip.</summary>
    /// <remarks>
    /// Inputs: <c>context</c> [batch, text_rows, text_dim] (the text's rows, then at least one of zeros unless they are
    /// text_len, which stands for all that follow), and <c>clip_features</c> [batch, clip_tokens, clip_dim] with
    /// <see cref="TransformerConfig.VisionDim"/>. Outputs: <c>context_embedding</c> [batch, text_rows, dim], and with CLIP
    /// <c>image_embedding</c> [batch, clip_tokens, dim].
    /// </remarks>
    public static OnnxGraph Context(TransformerConfig config, GraphOptions options)
    {
        var g = Begin("transformer_context", config, options);
        var context = ContextInput(g, config, "text_rows");
        var clip = ImageFeatures(g, config);
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
    /// <param name="config">The transformer.</param>
    /// <param name="options">How the graph is written.</param>
    /// <param name="block">The block: those that follow a control have more keys.</param>
    public static OnnxGraph Keys(TransformerConfig config, GraphOptions options, int block = 0)
    {
        var g = Begin("transformer_keys", config, options);
        var context = g.Input("context_embedding", DType.F32, ["batch", "text_rows", config.Dim]);
        var image = config.VisionDim is null ? null : g.Input("image_embedding", DType.F32, ["batch", config.VisionTokens, config.Dim]);
        foreach (var (name, value) in KeyNames(config, block).Zip(WriteKeys(g, config, block, context, image)))
        {
            g.Output(name, g.Cast(value, DType.F32));
        }

        return g.Build();
    }

    /// <summary>
    /// The keys and values that a block attends to: of the text, then of the images where there are some, then of the text once more for
    /// the block of the control next to it.
    /// </summary>
    /// <param name="config">The transformer.</param>
    /// <param name="block">The block, from 0.</param>
    public static IReadOnlyList<string> KeyNames(TransformerConfig config, int block)
    {
        ArgumentNullException.ThrowIfNull(config);
        return
        [
            "text_keys",
            "text_values",
            .. config.VisionDim is null ? (string[])[] : ["image_keys", "image_values"],
            .. config.IsControlled(block) ? ControlKeyNames : [],
        ];
    }

    /// <summary>What a block that guides its attention also takes: keys and values of the negative prompt, then the numbers.</summary>
    public static IReadOnlyList<string> NegativeNames { get; } = ["negative_keys", "negative_values", "attention_guidance"];

    /// <summary>What comes before the blocks.</summary>
    /// <remarks>
    /// Inputs: <c>latents</c> [batch, <see cref="TransformerConfig.GivenChannels"/>, frames, height, width],
    /// <c>timestep_embedding</c> [batch, groups, freq_dim] (<see cref="TimestepEmbedding"/>). Outputs: <c>x</c> [batch, tokens, dim],
    /// <c>e</c> [batch, groups, dim], <c>e0</c> [batch, groups, 6, dim], and of a network that follows a control <see cref="Control"/>
    /// [batch, tokens, dim] and <see cref="ControlStrength"/> [batch, tokens, 1].
    /// </remarks>
    public static OnnxGraph Embed(TransformerConfig config, GraphOptions options)
    {
        var g = Begin("transformer_embed", config, options);
        var latents = Latents(g, config);
        var sinusoid = g.Input("timestep_embedding", DType.F32, ["batch", "groups", config.FreqDim]);

        g.Output("x", Tokens(g, config, latents));
        var (e, e0) = TimeEmbedding(g, config, sinusoid);
        g.Output("e", e);
        g.Output("e0", e0);
        if (EmbedControl(g, config, latents) is { } control)
        {
            g.Output(Control, control.Value);
            g.Output(ControlStrength, control.Strength);
        }

        return g.Build();
    }

    /// <summary>One block; weights are named relative to <c>blocks.N.</c>.</summary>
    /// <remarks>
    /// Inputs: <c>x</c> [batch, tokens, dim], <c>e0</c> [batch, groups, 6, dim], the block's <see cref="Keys"/>, of which
    /// the last row of text stands for all further ones up to text_len, and <c>rope_cos</c>, <c>rope_sin</c> [tokens, head_dim / 2]
    /// (<see cref="RopeTables"/>). With <see cref="GraphOptions.GuidesAttention"/> also <see cref="NegativeNames"/>: the keys and values
    /// of a negative prompt, [batch, negative_rows, dim], and each sample's scale, tau and alpha, [batch, 3]. Output: <c>x_out</c>
    /// [batch, tokens, dim]. Probes: <c>norm1</c>, <c>self_attn</c>, <c>cross_attn</c>, <c>ffn</c>. Blocks that follow a control also take
    /// <see cref="Control"/> and <see cref="ControlStrength"/>, and give <see cref="ControlOut"/>, which the next of them takes.
    /// </remarks>
    /// <param name="config">The transformer.</param>
    /// <param name="options">How the graph is written.</param>
    /// <param name="block">The block: those that follow a control differ, and the first of them from the others.</param>
    public static OnnxGraph Block(TransformerConfig config, GraphOptions options, int block = 0)
    {
        var g = Begin("transformer_block", config, options);
        var (x, e0, rope) = BlockInputs(g, config);
        var control = ControlInputs(g, config, block);
        var keys = KeyInputs(g, config, block, prefix: "");
        var made = WriteControlledBlock(g, config, block, x, control, e0, keys, rope, probes: "");
        g.Output("x_out", made.X);
        OutputControl(g, made.Control);
        return g.Build();
    }

    /// <summary>
    /// A part of a block, for clips whose activations are too large at once: the keys and values of some tokens' self-attention.
    /// </summary>
    /// <remarks>
    /// Weights are named relative to <c>blocks.N.</c>. Inputs: those of <see cref="Block"/> except its keys, for consecutive
    /// tokens that are a whole number of groups, or part of one. Outputs: <see cref="SelfKeyNames"/>, [batch, tokens, dim] each.
    /// </remarks>
    /// <param name="config">The transformer.</param>
    /// <param name="options">How the graph is written.</param>
    /// <param name="block">The block: those that follow a control have keys and values of that, too.</param>
    public static OnnxGraph SelfKeys(TransformerConfig config, GraphOptions options, int block = 0)
    {
        var g = Begin("transformer_self_keys", config, options);
        var (x, e0, rope) = BlockInputs(g, config);
        var names = SelfKeyNames(config, block);
        OutputSelfKeys(g, config, x, e0, rope, names[0], names[1]);
        if (config.IsControlled(block))
        {
            var control = g.Input(Control, DType.F32, ["batch", "tokens", config.Dim]);
            using var scope = g.Scope(ControlScope);
            OutputSelfKeys(g, config, BeginControl(g, config, block, control, x), e0, rope, names[2], names[3]);
        }

        return g.Build();
    }

    /// <summary>
    /// What a block keeps of all tokens' self-attention where it runs on some at a time: of the clip, then of the control.
    /// </summary>
    /// <param name="config">The transformer.</param>
    /// <param name="block">The block, from 0.</param>
    public static IReadOnlyList<string> SelfKeyNames(TransformerConfig config, int block)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.IsControlled(block)
            ? ["self_keys", "self_values", "control_self_keys", "control_self_values"]
            : ["self_keys", "self_values"];
    }

    /// <summary>The rest of a block, for some of its tokens: what <see cref="Block"/> makes of them.</summary>
    /// <remarks>
    /// Weights are named relative to <c>blocks.N.</c>. Inputs: those of <see cref="Block"/> for consecutive tokens as in
    /// <see cref="SelfKeys(TransformerConfig, GraphOptions, int)"/>, and <see cref="SelfKeyNames"/> [batch, all_tokens, dim] of
    /// all tokens. Outputs: those of <see cref="Block"/>.
    /// </remarks>
    /// <param name="config">The transformer.</param>
    /// <param name="options">How the graph is written.</param>
    /// <param name="block">The block, as in <see cref="Block"/>.</param>
    public static OnnxGraph BlockRows(TransformerConfig config, GraphOptions options, int block = 0)
    {
        var g = Begin("transformer_block_rows", config, options);
        var (x, e0, rope) = BlockInputs(g, config);
        var control = ControlInputs(g, config, block);
        var keys = KeyInputs(g, config, block, prefix: "");
        GraphValue[] self = [.. SelfKeyNames(config, block).Select(name => g.Input(name, DType.F32, ["batch", "all_tokens", config.Dim]))];
        var made = WriteControlledBlock(g, config, block, x, control, e0, keys, rope, probes: "", self);
        g.Output("x_out", made.X);
        OutputControl(g, made.Control);
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
        g.Output("velocity", Velocity(g, config, WriteHead(g, config, x, e), (f, h, w)));
        return g.Build();
    }

    /// <summary>The whole network in one graph that needs nothing computed outside: for export, and to be packed once.</summary>
    /// <remarks>
    /// Inputs: <c>latents</c> as in <see cref="Embed"/>, <c>timesteps</c> [batch, groups] (0 to 1000),
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
        var clip = ImageFeatures(g, config);

        var text = g.Probe("text_embed", TextEmbedding(g, config, context));
        var image = clip is null ? null : g.Probe("img_emb", ImageEmbedding(g, config, clip));
        g.Output("velocity", WriteNetwork(g, config, latents, timesteps, block => WriteKeys(g, config, block, text, image)));
        return g.Build();
    }

    /// <summary>The whole network except what stays the same from step to step: one graph to be packed once.</summary>
    /// <remarks>
    /// Inputs: those of <see cref="Whole"/>, and for the context each block's <see cref="Keys"/>, named
    /// <c>blocks.N.text_keys</c> and so on. Output and probes: those of <see cref="Whole"/>, without <c>text_embed</c> and <c>img_emb</c>.
    /// </remarks>
    public static OnnxGraph Step(TransformerConfig config, GraphOptions options)
    {
        var g = Begin("transformer_step", config, options);
        var latents = Latents(g, config);
        var timesteps = Timesteps(g);
        List<GraphValue[]> keys =
        [
            .. Enumerable.Range(0, config.Layers).Select(i => KeyInputs(g, config, i, TransformerGraphs.BlockPrefix(i))),
        ];
        g.Output("velocity", WriteNetwork(g, config, latents, timesteps, block => keys[block]));
        return g.Build();
    }

    private static GraphBuilder Begin(string name, TransformerConfig config, GraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        return new GraphBuilder(name, options);
    }

    private static GraphValue Latents(GraphBuilder g, TransformerConfig config) =>
        g.Input(
            "latents",
            DType.F32,
            ["batch", config.GivenChannels, "frames", "height", "width"],
            config switch
            {
                { ControlChannels: not null } =>
                    "Noisy latents, joined by the control's channels and one that says how strongly it is followed.",
                { TakesReference: true } =>
                    "Noisy latents, joined by channels of control, mask and image; the first frame's of the control are the reference.",
                { CameraStride: not null } =>
                    "Noisy latents, joined by mask and image channels, and by numbers that tell the camera of each frame of video.",
                _ => "Noisy latents; for image to video joined by mask and image channels.",
            }
        );

    private static GraphValue Timesteps(GraphBuilder g) =>
        g.Input(
            "timesteps",
            DType.F32,
            ["batch", "groups"],
            "Timesteps, 0 to 1000: one for the sample, or one for each latent frame or token."
        );

    private static (GraphValue X, GraphValue E0, (GraphValue Cos, GraphValue Sin) Rope) BlockInputs(
        GraphBuilder g,
        TransformerConfig config
    ) =>
        (
            g.Input("x", DType.F32, ["batch", "tokens", config.Dim]),
            g.Input("e0", DType.F32, ["batch", "groups", Modulations, config.Dim]),
            (g.Input("rope_cos", DType.F32, ["tokens", config.HeadDim / 2]), g.Input("rope_sin", DType.F32, ["tokens", config.HeadDim / 2]))
        );

    private static GraphValue[] KeyInputs(GraphBuilder g, TransformerConfig config, int block, string prefix) =>
        [
            .. KeyNames(config, block)
                .Select(name =>
                    g.Input(
                        prefix + name,
                        DType.F32,
                        ["batch", name.StartsWith("image", StringComparison.Ordinal) ? config.VisionTokens : "text_rows", config.Dim]
                    )
                ),
            .. (g.Options.GuidesAttention ? NegativeNames : []).Select(
                (name, i) => g.Input(prefix + name, DType.F32, i < 2 ? ["batch", "negative_rows", config.Dim] : ["batch", 3])
            ),
        ];

    private static GraphValue ContextInput(GraphBuilder g, TransformerConfig config, Dim rows) =>
        g.Input("context", DType.F32, ["batch", rows, config.TextDim], "The text encoder's rows for the prompt, then zeros.");

    private static GraphValue? ImageFeatures(GraphBuilder g, TransformerConfig config) =>
        config.VisionDim is { } visionDim
            ? g.Input(
                "clip_features",
                DType.F32,
                ["batch", config.VisionTokens, visionDim],
                "CLIP's rows for the first image, then for the last if the model takes one."
            )
            : null;

    private static (Dim Frames, Dim Height, Dim Width) Grid(TransformerConfig config, Dim frames, Dim height, Dim width) =>
        (frames / config.PatchSize.Frames, height / config.PatchSize.Height, width / config.PatchSize.Width);
}
