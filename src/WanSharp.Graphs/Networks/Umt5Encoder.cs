using WanSharp.Tensors;

namespace WanSharp.Graphs.Networks;

/// <summary>
/// The umT5 text encoder as ONNX graphs: one <see cref="Block"/> for every layer's weights and the last
/// <see cref="Norm"/>, or as a <see cref="Whole"/>.
/// </summary>
/// <remarks>
/// <para>Source: Wan-Video/Wan2.1:wan/modules/t5.py, <c>T5Encoder</c> with a table of relative positions in each block.</para>
/// <para>The table of token embeddings is gigabytes: with <see cref="Block"/>, look rows up in the mapped checkpoint.
/// F16 is refused, because the activations of umT5 overflow it.</para>
/// </remarks>
public static class Umt5Encoder
{
    private const float Eps = 1e-6f;
    private const int MaxDistance = 128; // Farther tokens share the last bucket.

    /// <summary>One block; weights are named relative to <c>blocks.N.</c>.</summary>
    /// <remarks>
    /// Inputs: <c>x</c> [batch, length, dim], <c>buckets</c> I64 [length, length] (<see cref="RelativePositions"/>),
    /// <c>mask</c> I64 [batch, length], 0 where a token is padding. Output: <c>x_out</c> [batch, length, dim]. Probes:
    /// <c>norm1</c>, <c>attn</c>, <c>ffn</c>.
    /// </remarks>
    public static OnnxGraph Block(Umt5Config config, GraphOptions options)
    {
        var g = Begin("umt5_block", config, options);
        var x = g.Input("x", DType.F32, ["batch", "length", config.Dim]);
        var buckets = g.Input("buckets", DType.I64, ["length", "length"]);
        var mask = Mask(g);
        g.Output("x_out", WriteBlock(g, config, x, buckets, mask, probes: ""));
        return g.Build();
    }

    /// <summary>The norm after the last block: <c>x</c> [batch, length, dim] to <c>text</c> of the same shape.</summary>
    public static OnnxGraph Norm(Umt5Config config, GraphOptions options)
    {
        var g = Begin("umt5_norm", config, options);
        var x = g.Input("x", DType.F32, ["batch", "length", config.Dim]);
        g.Output("text", g.RmsNorm(x, "norm", Eps));
        return g.Build();
    }

    /// <summary>The whole encoder in one graph that needs nothing computed outside: for export.</summary>
    /// <remarks>
    /// Inputs: <c>ids</c> I64 [batch, length], <c>mask</c> I64 [batch, length]. Output: <c>text</c> [batch, length, dim];
    /// rows of padding mean nothing. Probes: <c>embed</c>, those of the blocks as <c>block0_norm1</c> and so on, <c>block0</c>, ….
    /// </remarks>
    public static OnnxGraph Whole(Umt5Config config, GraphOptions options)
    {
        var g = Begin("umt5", config, options);
        var ids = g.Input("ids", DType.I64, ["batch", "length"], "Token ids, padded to one length.");
        var mask = Mask(g);
        var table = g.Weight(TextEncoderGraphs.EmbeddingName, [config.Vocabulary, config.Dim], options.Compute);
        var x = g.Probe("embed", g.Cast(g.Gather(table, ids), DType.F32)); // [batch, length, dim]
        var buckets = Buckets(g, config, ids.Shape[1]);
        for (var i = 0; i < config.Layers; i++)
        {
            using var scope = g.Scope(TextEncoderGraphs.BlockScope(i));
            x = g.Probe($"block{i}", WriteBlock(g, config, x, buckets, mask, probes: $"block{i}_"));
        }

        g.Output("text", g.RmsNorm(x, "norm", Eps));
        return g.Build();
    }

    /// <summary>The bucket of every query's distance to every key.</summary>
    /// <param name="config">The encoder.</param>
    /// <param name="length">The number of tokens.</param>
    /// <returns>I64 [length, length], queries outermost; the caller disposes it.</returns>
    public static Tensor RelativePositions(Umt5Config config, int length)
    {
        ArgumentNullException.ThrowIfNull(config);
        var buckets = Tensor.Zeros(DType.I64, [length, length]);
        var values = buckets.Write<long>();
        for (var query = 0; query < length; query++)
        {
            for (var key = 0; key < length; key++)
            {
                values[(query * length) + key] = Bucket(config, key - query);
            }
        }

        return buckets;
    }

    /// <summary>What umT5 computes in where other networks compute in a type: F32 for F16, which its activations overflow.</summary>
    public static DType ComputeFor(DType wanted) => wanted == DType.F16 ? DType.F32 : wanted;

    private static GraphBuilder Begin(string name, Umt5Config config, GraphOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        config.Validate();
        return options.Compute != DType.F16
            ? new GraphBuilder(name, options)
            : throw new GraphException("umT5 cannot be computed in F16, which its activations overflow: choose BF16 or F32.");
    }

    private static GraphValue Mask(GraphBuilder g) => g.Input("mask", DType.I64, ["batch", "length"], "1 for a token, 0 for padding.");

    private static GraphValue WriteBlock(
        GraphBuilder g,
        Umt5Config config,
        GraphValue x,
        GraphValue buckets,
        GraphValue mask,
        string probes
    )
    {
        var norm1 = g.Probe($"{probes}norm1", g.RmsNorm(x, "norm1", Eps));
        x += g.Probe($"{probes}attn", Attention(g, config, norm1, PositionBias(g, config, buckets, mask)));
        x += g.Probe($"{probes}ffn", FeedForward(g, config, g.RmsNorm(x, "norm2", Eps)));
        return x;
    }

    /// <summary>What is added to the scores: a learned value for each head and bucket, and for padding the lowest float.</summary>
    private static GraphValue PositionBias(GraphBuilder g, Umt5Config config, GraphValue buckets, GraphValue mask)
    {
        using var scope = g.Scope("pos_embedding.embedding");
        var (batch, length) = (mask.Shape[0], mask.Shape[1]);
        var bias = g.Gather(g.Weight("weight", [config.Buckets, config.Heads]), buckets); // [queries, keys, heads]
        bias = g.Reshape(g.Transpose(bias, [2, 0, 1]), [1, config.Heads, length, length]); // [1, heads, queries, keys]
        var isPadding = g.Equal(g.Reshape(mask, [batch, 1, 1, length]), g.Scalar(0, DType.I64)); // [batch, 1, 1, keys]
        return g.Where(isPadding, g.Scalar(float.MinValue), bias); // [batch, heads, queries, keys]
    }

    private static GraphValue Attention(GraphBuilder g, Umt5Config config, GraphValue x, GraphValue bias)
    {
        using var scope = g.Scope("attn");
        var q = g.Linear(x, "q", config.AttentionDim, bias: false);
        var k = g.Linear(x, "k", config.AttentionDim, bias: false);
        var v = g.Linear(x, "v", config.AttentionDim, bias: false);
        return g.Linear(g.Attention(q, k, v, config.Heads, scale: 1, bias), "o", config.Dim, bias: false); // T5 does not scale.
    }

    private static GraphValue FeedForward(GraphBuilder g, Umt5Config config, GraphValue x)
    {
        using var scope = g.Scope("ffn");
        var gate = g.GeluTanh(g.Linear(x, "gate.0", config.FfnDim, bias: false)); // [batch, length, ffn_dim]
        return g.Linear(g.Linear(x, "fc1", config.FfnDim, bias: false) * gate, "fc2", config.Dim, bias: false); // [batch, length, dim]
    }

    /// <summary>The buckets put together in the graph, for a length that is known when it runs.</summary>
    private static GraphValue Buckets(GraphBuilder g, Umt5Config config, Dim length)
    {
        using var scope = g.Scope("buckets");
        long[] table = [.. Enumerable.Range(-MaxDistance, (2 * MaxDistance) + 1).Select(distance => Bucket(config, distance))];
        var positions = g.Range(length);
        var distance = g.Reshape(positions, [1, length]) - g.Reshape(positions, [length, 1]); // [queries, keys]
        var row = g.Clamp(distance, -MaxDistance, MaxDistance) + MaxDistance;
        return g.Gather(g.Constant(table, [table.Length]), row); // [queries, keys]
    }

    /// <summary>
    /// Half of the buckets are for keys after the query. Of each half, one half is for single distances and the rest
    /// for ranges that widen with the logarithm.
    /// </summary>
    private static long Bucket(Umt5Config config, int distance)
    {
        var (half, exact) = (config.Buckets / 2, config.Buckets / 4);
        var first = distance > 0 ? half : 0;
        distance = Math.Abs(distance);
        if (distance < exact)
        {
            return first + distance;
        }

        var range = (long)(MathF.Log((float)distance / exact) / (float)Math.Log((double)MaxDistance / exact) * (half - exact));
        return first + Math.Min(exact + range, half - 1);
    }
}
