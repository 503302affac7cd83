using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <content>Linear layers over 8-bit integers.</content>
public sealed partial class GraphBuilder
{
    // Activations are stored from 1 to 255 around 128: the fast integer kernels multiply unsigned by signed bytes.
    private const byte ZeroPoint = 128;
    private const float Levels = 127;

    // What a row of zeros is divided by in place of zero; the quotient of any other row is exact enough from here on.
    private const float SmallestMagnitude = 1e-20f;

    private readonly Dictionary<(GraphValue Value, int Group), (GraphValue Codes, GraphValue Magnitudes)> _quantizedRows = [];

    /// <summary>
    /// A <see cref="Linear(GraphValue, string, long, bool, DType?)"/> with bias that tolerates <see cref="Quantization.EightBit"/>,
    /// and multiplies integers where <see cref="GraphOptions.Quantization"/> says so. Every row is quantized by itself, so
    /// the result of a row does not depend on the others.
    /// </summary>
    /// <param name="x">[…, in].</param>
    /// <param name="name">The layer's name.</param>
    /// <param name="outFeatures">The innermost length of the result.</param>
    /// <returns>[…, out]; F32 if it is quantized.</returns>
    public GraphValue TolerantLinear(GraphValue x, string name, long outFeatures)
    {
        ArgumentNullException.ThrowIfNull(x);
        var format =
            Options.Quantization == Quantization.None ? LayerFormat.Exact
            : Options.Layers is { } layers ? layers.Of(Path(name))
            : LayerFormat.EightBit;
        if (!format.IsEightBit)
        {
            return Linear(x, name, outFeatures);
        }

        using var scope = Scope(name);
        var (codesName, scalesName) = QuantizedWeight.NamesOf("weight", format);
        var weight = Weight(codesName, [Features("TolerantLinear", x), outFeatures], DType.I8);
        var scales = Weight(scalesName, [outFeatures]);
        var bias = Weight("bias", [outFeatures]);
        var (codes, magnitudes) = QuantizedRows(x, format.Group); // [rows, in], [rows, 1]
        CountProduct(codes.Shape[0], codes.Shape[1], outFeatures);
        var y = (ScaledIntegerMatMul(codes, weight, scales) * magnitudes) + bias; // [rows, out]
        return WithAdapter(Reshape(y, With(x.Shape, x.Rank - 1, outFeatures)), x); // […, out]
    }

    /// <summary>
    /// The rows of a value as codes, and the largest magnitude of each, for which 127 stands: made once for all layers
    /// that take the value.
    /// </summary>
    private (GraphValue Codes, GraphValue Magnitudes) QuantizedRows(GraphValue x, int group)
    {
        if (_quantizedRows.TryGetValue((x, group), out var known))
        {
            return known;
        }

        var rows = Reshape(Cast(x, DType.F32), [x.ElementCount / x.Shape[^1], x.Shape[^1]]); // [rows, in]
        rows = group == 0 ? rows : Rotated(rows, group);
        // [rows, 1]
        var magnitudes = Maximum(Maximum(Reduce("ReduceMax", rows, 1), Reduce("ReduceMin", rows, 1) * -1f), Scalar(SmallestMagnitude));
        var codes = Node("QuantizeLinear", [rows / magnitudes, Scalar(1 / Levels), Zero()], DType.U8, rows.Shape);
        return _quantizedRows[(x, group)] = (codes, magnitudes);
    }

    /// <summary>Each group of a row's elements times the matrix of <see cref="RegularHadamard"/>: the weights have it, too.</summary>
    private GraphValue Rotated(GraphValue rows, int group)
    {
        var rotation =
            RegularHadamard.Of(group) ?? throw Error("TolerantLinear", $"there is no rotation of groups of {group} inputs.", rows);
        var matrix = Constant(rotation.ToMatrix(), [group, group]);
        var groups = Reshape(rows, [rows.ElementCount / group, group]); // [rows · in / group, group]
        return Reshape(MatMul(groups, matrix), [.. rows.Shape]); // [rows, in]
    }

    /// <summary>(codes − 128) · weight: the matrix product under <see cref="TolerantLinear"/>, by itself.</summary>
    /// <param name="codes">U8 [rows, in].</param>
    /// <param name="weight">I8 [in, out].</param>
    /// <returns>I32 [rows, out].</returns>
    public GraphValue IntegerMatMul(GraphValue codes, GraphValue weight)
    {
        ArgumentNullException.ThrowIfNull(codes);
        ArgumentNullException.ThrowIfNull(weight);
        var fits =
            codes.Rank == 2 && weight.Rank == 2 && codes.DType == DType.U8 && weight.DType == DType.I8 && codes.Shape[1] == weight.Shape[0];
        return fits
            ? Node("MatMulInteger", [codes, weight, Zero()], DType.I32, [codes.Shape[0], weight.Shape[1]])
            : throw Error("IntegerMatMul", "U8 [rows, in] and I8 [in, out] are multiplied.", codes, weight);
    }

    /// <summary>(codes − 128) · weight, times the scales of the columns and 1 / 127.</summary>
    private GraphValue ScaledIntegerMatMul(GraphValue codes, GraphValue weight, GraphValue scales) =>
        Fused
            ? FusedNode(
                "MatMulIntegerToFloat",
                [codes, weight, Scalar(1 / Levels), scales, Zero()],
                DType.F32,
                [codes.Shape[0], weight.Shape[1]]
            )
            : Cast(IntegerMatMul(codes, weight), DType.F32) * (scales * (1 / Levels));

    private GraphValue Zero() => Constant<byte>([ZeroPoint], DType.U8, []);
}
