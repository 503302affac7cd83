using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <content>Elementwise operations, reductions and matrix products: one ONNX operator each.</content>
public sealed partial class GraphBuilder
{
    /// <summary>Elementwise sum. Of two float types, the result has the wider one.</summary>
    public GraphValue Add(GraphValue left, GraphValue right) => Binary("Add", left, right);

    /// <summary>Elementwise difference.</summary>
    public GraphValue Subtract(GraphValue left, GraphValue right) => Binary("Sub", left, right);

    /// <summary>Elementwise product.</summary>
    public GraphValue Multiply(GraphValue left, GraphValue right) => Binary("Mul", left, right);

    /// <summary>Elementwise quotient.</summary>
    public GraphValue Divide(GraphValue left, GraphValue right) => Binary("Div", left, right);

    /// <summary>Elementwise maximum.</summary>
    public GraphValue Maximum(GraphValue left, GraphValue right) => Binary("Max", left, right);

    /// <summary>Elementwise minimum.</summary>
    public GraphValue Minimum(GraphValue left, GraphValue right) => Binary("Min", left, right);

    /// <summary>Elementwise equality, as Bool.</summary>
    public GraphValue Equal(GraphValue left, GraphValue right) => Binary("Equal", left, right, DType.Bool);

    /// <summary>Elementwise choice: <paramref name="whenTrue"/> where <paramref name="condition"/> (Bool) holds.</summary>
    public GraphValue Where(GraphValue condition, GraphValue whenTrue, GraphValue whenFalse)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(whenTrue);
        ArgumentNullException.ThrowIfNull(whenFalse);
        if (condition.DType != DType.Bool || whenTrue.DType != whenFalse.DType)
        {
            throw Error("Where", "a Bool chooses between two values of one type.", condition, whenTrue, whenFalse);
        }

        var chosen = Broadcast("Where", whenTrue.Shape, whenFalse.Shape, condition, whenTrue, whenFalse);
        var shape = Broadcast("Where", condition.Shape, chosen, condition, whenTrue, whenFalse);
        return Node("Where", [condition, whenTrue, whenFalse], whenTrue.DType, shape);
    }

    /// <summary>Limits elements to a range.</summary>
    public GraphValue Clamp(GraphValue x, float lowest, float highest)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Node("Clip", [x, Scalar(lowest, x.DType), Scalar(highest, x.DType)], x.DType, x.Shape);
    }

    /// <summary>Elementwise hyperbolic tangent.</summary>
    public GraphValue Tanh(GraphValue x) => Unary("Tanh", x);

    /// <summary>max(x, 0).</summary>
    public GraphValue Relu(GraphValue x) => Unary("Relu", x);

    /// <summary>Elementwise 1 / (1 + e⁻ˣ).</summary>
    public GraphValue Sigmoid(GraphValue x) => Unary("Sigmoid", x);

    /// <summary>Elementwise error function.</summary>
    public GraphValue Erf(GraphValue x) => Unary("Erf", x);

    /// <summary>Elementwise square root.</summary>
    public GraphValue Sqrt(GraphValue x) => Unary("Sqrt", x);

    /// <summary>The mean over one dimension, which stays with length 1.</summary>
    public GraphValue ReduceMean(GraphValue x, int axis) => Reduce("ReduceMean", x, axis);

    /// <summary>The sum of absolute values over one dimension, which stays with length 1.</summary>
    public GraphValue ReduceL1(GraphValue x, int axis) => Reduce("ReduceL1", x, axis);

    /// <summary>The Euclidean length over one dimension, which stays with length 1.</summary>
    public GraphValue ReduceL2(GraphValue x, int axis) => Reduce("ReduceL2", x, axis);

    /// <summary>e to the x, normalized to sum 1 over one dimension; always in F32.</summary>
    public GraphValue Softmax(GraphValue x, int axis)
    {
        ArgumentNullException.ThrowIfNull(x);
        axis = Axis("Softmax", x, axis);
        return Node("Softmax", [Cast(x, DType.F32)], DType.F32, x.Shape, OnnxFormat.Attribute("axis", axis));
    }

    /// <summary>Matrix product over the two innermost dimensions; the outer ones broadcast.</summary>
    public GraphValue MatMul(GraphValue left, GraphValue right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        if (left.Rank < 2 || right.Rank < 2 || left.DType != right.DType || left.Shape[^1] != right.Shape[^2])
        {
            throw Error("MatMul", "the inner lengths or the types differ.", left, right);
        }

        var outer = Broadcast("MatMul", [.. left.Shape.SkipLast(2)], [.. right.Shape.SkipLast(2)], left, right);
        CountProduct(outer.Aggregate(left.Shape[^2], (rows, dim) => rows * dim), left.Shape[^1], right.Shape[^1]);
        return Node("MatMul", [left, right], left.DType, [.. outer, left.Shape[^2], right.Shape[^1]]);
    }

    private GraphValue Unary(string op, GraphValue x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Node(op, [x], x.DType, x.Shape);
    }

    private GraphValue Binary(string op, GraphValue left, GraphValue right, DType? result = null)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        if (left.DType != right.DType)
        {
            if (!IsFloat(left) || !IsFloat(right))
            {
                throw Error(op, "the types differ.", left, right);
            }

            (left, right) = (Cast(left, DType.F32), Cast(right, DType.F32)); // An F32 island takes in a narrower value.
        }

        return Node(op, [left, right], result ?? left.DType, Broadcast(op, left.Shape, right.Shape, left, right));
    }

    private GraphValue Reduce(string op, GraphValue x, int axis)
    {
        ArgumentNullException.ThrowIfNull(x);
        axis = Axis(op, x, axis);
        return Node(op, [x], x.DType, With(x.Shape, axis, 1), OnnxFormat.Attribute("axes", [axis]), OnnxFormat.Attribute("keepdims", 1));
    }

    private static bool IsFloat(GraphValue x) => x.DType is DType.F32 or DType.F16 or DType.BF16;
}
