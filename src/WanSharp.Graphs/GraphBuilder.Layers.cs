using WanSharp.Graphs.Onnx;
using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <content>Layers of networks: where they differ, the fused and the plain lowering stand side by side.</content>
public sealed partial class GraphBuilder
{
    /// <summary>y = x Wᵀ + b, over the innermost dimension, with weights <c>name.weight</c> [out, in] and <c>name.bias</c> [out].</summary>
    /// <param name="x">[…, in].</param>
    /// <param name="name">The layer's name.</param>
    /// <param name="outFeatures">The innermost length of the result.</param>
    /// <param name="bias">Whether there is a bias.</param>
    /// <param name="precision">The element type to compute in, if not <see cref="Compute"/>.</param>
    /// <returns>[…, out], in the element type computed in.</returns>
    public GraphValue Linear(GraphValue x, string name, long outFeatures, bool bias = true, DType? precision = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var scope = Scope(name);
        var dtype = precision ?? Compute;
        var weight = Weight("weight", [outFeatures, Features("Linear", x)], dtype);
        var offset = bias ? Weight("bias", [outFeatures], dtype) : null;

        // The time embedding, which has a precision of its own, may come once for samples whose changes differ: it is broadcast.
        return Options.Adapters && precision is null && x.Rank == 3
            ? Linear(x, weight, Change(x, outFeatures, dtype, offset)) // added by the product that the layer is
            : WithAdapter(Linear(x, weight, offset), x);
    }

    /// <summary>y = x Wᵀ + b with weights at hand: x […, in], W [out, in], b [out], or one for each row, […, out].</summary>
    public GraphValue Linear(GraphValue x, GraphValue weight, GraphValue? bias)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        if (x.Rank < 2 || weight.Rank != 2 || weight.Shape[1] != x.Shape[^1])
        {
            throw Error("Linear", "the innermost length is not what the weight takes.", x, weight, bias);
        }

        // Gemm multiplies by a transposed weight, so a checkpoint's layout serves as it is.
        var rows = Reshape(Cast(x, weight.DType), [x.ElementCount / x.Shape[^1], x.Shape[^1]]); // [rows, in]
        var added = bias is { Rank: > 1 } ? Reshape(bias, [rows.Shape[0], weight.Shape[0]]) : bias;
        ReadOnlySpan<GraphValue?> operands = added is null ? [rows, weight] : [rows, weight, added];
        CountProduct(rows.Shape[0], rows.Shape[1], weight.Shape[0]);
        var y = Node("Gemm", operands, weight.DType, [rows.Shape[0], weight.Shape[0]], OnnxFormat.Attribute("transB", 1)); // [rows, out]
        return Reshape(y, With(x.Shape, x.Rank - 1, weight.Shape[0])); // […, out]
    }

    /// <summary>Normalizes the innermost dimension to mean 0 and variance 1, in F32.</summary>
    /// <param name="x">[…, features].</param>
    /// <param name="name">The layer's name.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="affine">Whether <c>name.weight</c> scales and <c>name.bias</c> shifts the result.</param>
    public GraphValue LayerNorm(GraphValue x, string name, float eps, bool affine = true)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var scope = Scope(name);
        var features = Features("LayerNorm", x);
        var ones = Enumerable.Repeat(1f, affine ? 0 : (int)features).ToArray();
        ReadOnlySpan<GraphValue?> operands = affine
            ? [Cast(x, DType.F32), Weight("weight", [features]), Weight("bias", [features])]
            : [Cast(x, DType.F32), Constant(ones, [features])];
        return Node(
            "LayerNormalization",
            operands,
            DType.F32,
            x.Shape,
            OnnxFormat.Attribute("axis", -1),
            OnnxFormat.Attribute("epsilon", eps)
        );
    }

    /// <summary>x / √(mean(x²) + eps) · weight, over the innermost dimension, in F32.</summary>
    /// <param name="x">[…, features].</param>
    /// <param name="name">The layer's name: its weight is <c>name.weight</c>.</param>
    /// <param name="eps">What keeps the root from zero.</param>
    public GraphValue RmsNorm(GraphValue x, string name, float eps)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var scope = Scope(name);
        var weight = Weight("weight", [Features("RmsNorm", x)]);
        x = Cast(x, DType.F32);

        // ONNX Runtime registers its fused operator in the standard domain.
        return Fused
            ? Node(
                "SimplifiedLayerNormalization",
                [x, weight],
                DType.F32,
                x.Shape,
                OnnxFormat.Attribute("axis", -1),
                OnnxFormat.Attribute("epsilon", eps)
            )
            : x / Sqrt(ReduceMean(x * x, -1) + eps) * weight;
    }

    /// <summary>GELU by its tanh approximation: ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))).</summary>
    public GraphValue GeluTanh(GraphValue x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Fused
            ? FusedNode("FastGelu", [x], x.DType, x.Shape)
            : 0.5f * x * (Tanh(0.7978845608028654f * (x + (0.044715f * (x * x * x)))) + 1f);
    }

    /// <summary>GELU, exactly: ½ x (1 + erf(x / √2)).</summary>
    public GraphValue Gelu(GraphValue x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Fused ? FusedNode("Gelu", [x], x.DType, x.Shape) : 0.5f * x * (Erf(x * 0.7071067811865476f) + 1f);
    }

    /// <summary>SiLU: x / (1 + e⁻ˣ).</summary>
    public GraphValue Silu(GraphValue x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Fused ? FusedNode("QuickGelu", [x], x.DType, x.Shape, OnnxFormat.Attribute("alpha", 1f)) : x * Sigmoid(x);
    }

    /// <summary>Rotary position embedding: each head's pairs (x₂ᵢ, x₂ᵢ₊₁) turn by the angle of their token.</summary>
    /// <param name="x">[batch, tokens, heads · head_dim].</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="cos">Cosines of the angles, F32 [tokens, head_dim / 2].</param>
    /// <param name="sin">Their sines.</param>
    public GraphValue Rope(GraphValue x, long heads, GraphValue cos, GraphValue sin)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(cos);
        ArgumentNullException.ThrowIfNull(sin);
        Dim[] angles = x.Rank == 3 ? [x.Shape[1], x.Shape[2] / (2 * heads)] : [];
        if (!angles.SequenceEqual(cos.Shape) || !angles.SequenceEqual(sin.Shape))
        {
            throw Error("Rope", $"the tables must be [tokens, head_dim / 2] for {heads} heads.", x, cos, sin);
        }

        x = Cast(x, DType.F32);
        if (Fused)
        {
            return FusedNode(
                "RotaryEmbedding",
                [x, Constant([0L], [1]), cos, sin],
                DType.F32,
                x.Shape,
                OnnxFormat.Attribute("interleaved", 1),
                OnnxFormat.Attribute("num_heads", heads)
            );
        }

        var pairs = Reshape(x, [x.Shape[0], angles[0], heads, angles[1], 2]); // [batch, tokens, heads, pairs, 2]
        var parts = Chunk(pairs, -1, 2);
        var (even, odd) = (parts[0], parts[1]); // [batch, tokens, heads, pairs, 1]
        cos = Reshape(cos, [angles[0], 1, angles[1], 1]); // [tokens, 1, pairs, 1]
        sin = Reshape(sin, [angles[0], 1, angles[1], 1]);
        var turned = Concat([(even * cos) - (odd * sin), (even * sin) + (odd * cos)], -1); // [batch, tokens, heads, pairs, 2]
        return Reshape(turned, x.Shape.ToArray()); // [batch, tokens, heads · head_dim]
    }

    /// <summary>Cosines, then sines, of each position times 10000^(−i/half): the embedding of a timestep, computed in double.</summary>
    /// <param name="positions">F32 [batch, positions].</param>
    /// <param name="features">How many, an even number: half of them cosines.</param>
    /// <returns>F32 [batch, positions, features].</returns>
    public GraphValue Sinusoid(GraphValue positions, int features)
    {
        ArgumentNullException.ThrowIfNull(positions);
        var half = features / 2;
        double[] frequencies = [.. Enumerable.Range(0, half).Select(i => Math.Pow(10000, -(double)i / half))];
        Dim[] shape = [.. positions.Shape, features];
        var columns = Reshape(positions, [.. positions.Shape, 1]).Name; // [batch, positions, 1]

        // A product in F32 would already be off by 6e-5 radians at timestep 1000.
        var angles = Emit(
            "Mul",
            "",
            [
                Emit("Cast", "", [columns], [OnnxFormat.Attribute("to", (long)TensorProto.Types.DataType.Double)]),
                Initializer<double>(frequencies, TensorProto.Types.DataType.Double, [half]),
            ],
            []
        );
        var waves = Emit("Concat", "", [Emit("Cos", "", [angles], []), Emit("Sin", "", [angles], [])], [OnnxFormat.Attribute("axis", -1)]);
        return new GraphValue(this, Emit("Cast", "", [waves], [OnnxFormat.Attribute("to", (long)DType.F32.ToOnnx())]), DType.F32, shape);
    }

    /// <summary>Attention of several heads: softmax(scale · q kᵀ + bias) v.</summary>
    /// <param name="q">[batch, queries, heads · head_dim].</param>
    /// <param name="k">[batch, keys, heads · head_dim].</param>
    /// <param name="v">[batch, keys, heads · head_dim].</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="scale">What the scores are multiplied by; by default 1 / √head_dim.</param>
    /// <param name="bias">Added to the scores: [batch, heads, queries, keys], or 1 for batch or heads.</param>
    /// <returns>[batch, queries, heads · head_dim].</returns>
    public GraphValue Attention(GraphValue q, GraphValue k, GraphValue v, long heads, float? scale = null, GraphValue? bias = null)
    {
        ArgumentNullException.ThrowIfNull(q);
        ArgumentNullException.ThrowIfNull(k);
        ArgumentNullException.ThrowIfNull(v);
        var fits = q.Rank == 3 && k.Shape.SequenceEqual(v.Shape) && k.Rank == 3 && q.Shape[0] == k.Shape[0] && q.Shape[2] == k.Shape[2];
        if (!fits || Features("Attention", q) % heads != 0)
        {
            throw Error("Attention", $"q, k and v do not go together in {heads} heads.", q, k, v, bias);
        }

        var headDim = Features("Attention", q) / heads;
        var factor = scale ?? (float)(1 / Math.Sqrt(headDim));
        (q, k, v) = (Cast(q, Compute), Cast(k, Compute), Cast(v, Compute));
        if (Fused && Options.FusedAttention)
        {
            ReadOnlySpan<GraphValue?> operands = bias is null ? [q, k, v] : [q, k, v, null, null, Cast(bias, Compute)];
            CountProduct(q.Shape[0] * q.Shape[1], q.Shape[2], k.Shape[1]); // the scores
            CountProduct(q.Shape[0] * q.Shape[1], k.Shape[1], q.Shape[2]); // what they weigh
            CountScratch(q.ElementCount + k.ElementCount + v.ElementCount, Compute); // head by head
            // the scores: without a bias only some at a time
            CountScratch(bias is null ? 0 : q.Shape[0] * heads * q.Shape[1] * k.Shape[1], Compute);
            return FusedNode(
                "MultiHeadAttention",
                operands,
                Compute,
                q.Shape,
                OnnxFormat.Attribute("num_heads", heads),
                OnnxFormat.Attribute("scale", factor)
            );
        }

        var queries = Transpose(Heads(q * factor), [0, 2, 1, 3]); // [batch, heads, queries, head_dim]
        var keys = Transpose(Heads(k), [0, 2, 3, 1]); // [batch, heads, head_dim, keys]
        var values = Transpose(Heads(v), [0, 2, 1, 3]); // [batch, heads, keys, head_dim]
        var count = bias is null ? Options.QueryBlocks : 1;
        GraphValue[] blocks = [.. Enumerable.Range(0, count).Select(Mixed)];
        var mixed = blocks is [var whole] ? whole : Concat(blocks, axis: 2); // [batch, heads, queries, head_dim]
        return Reshape(Transpose(mixed, [0, 2, 1, 3]), q.Shape.ToArray()); // [batch, queries, heads · head_dim]

        // Of some queries: the scores of the next ones take the place of theirs.
        GraphValue Mixed(int block)
        {
            var (start, end) = (StartOf(block), StartOf(block + 1));
            var some = Slice(queries, axis: 2, start, end - start);
            var scores = MatMul(some, keys); // [batch, heads, some queries, keys]
            var weights = Softmax(bias is null ? scores : scores + bias, -1);
            return MatMul(Cast(weights, Compute), values); // [batch, heads, some queries, head_dim]
        }

        Dim StartOf(int block) => (block * queries.Shape[2]).FloorDivide(count);

        GraphValue Heads(GraphValue x) => Reshape(x, [x.Shape[0], x.Shape[1], heads, headDim]); // [batch, tokens, heads, head_dim]
    }

    private long Features(string op, GraphValue x) =>
        x.Rank > 0 && x.Shape[^1].Known is { } features ? features : throw Error(op, "the innermost length must be known.", x);
}
