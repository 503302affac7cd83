using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <summary>A tensor in a graph under construction: an input, a weight, or the result of an operation.</summary>
/// <remarks>The arithmetic operators add the operation to the value's builder and broadcast as ONNX does.</remarks>
public sealed class GraphValue
{
    private readonly GraphBuilder _builder;

    internal GraphValue(GraphBuilder builder, string name, DType dtype, ReadOnlySpan<Dim> shape)
    {
        _builder = builder;
        Name = name;
        DType = dtype;
        Shape = shape.ToArray();
    }

    /// <summary>The value's name in the graph, unique there.</summary>
    public string Name { get; internal set; }

    /// <summary>The element type.</summary>
    public DType DType { get; }

    /// <summary>The dimensions, outermost first.</summary>
    public IReadOnlyList<Dim> Shape { get; }

    /// <summary>
    /// How often it was rounded to F16 or BF16 on the longest way from the graph's inputs: what its error is expected from.
    /// </summary>
    public int Roundings { get; internal set; }

    /// <summary>The number of dimensions.</summary>
    public int Rank => Shape.Count;

    /// <summary>The dimensions of a run.</summary>
    /// <param name="lengths">A number for each name in its shape.</param>
    /// <exception cref="GraphException">A name has no number.</exception>
    public Shape ShapeAt(IReadOnlyDictionary<string, long> lengths) => [.. Shape.Select(length => (long)length.Evaluate(lengths))];

    /// <summary>The bytes that it takes.</summary>
    /// <param name="lengths">A number for each name in its shape.</param>
    /// <exception cref="GraphException">A name has no number.</exception>
    public double CountBytes(IReadOnlyDictionary<string, long> lengths) => ElementCount.Evaluate(lengths) * DType.ByteSize();

    /// <summary>The number of elements.</summary>
    internal Dim ElementCount => Shape.Aggregate(Dim.One, (count, dim) => count * dim);

    /// <summary>Elementwise sum.</summary>
    public static GraphValue operator +(GraphValue left, GraphValue right) => left._builder.Add(left, right);

    /// <summary>Elementwise sum with a constant.</summary>
    public static GraphValue operator +(GraphValue left, float right) => left._builder.Add(left, left._builder.Scalar(right, left.DType));

    /// <summary>Elementwise sum with a constant.</summary>
    public static GraphValue operator +(float left, GraphValue right) => right + left;

    /// <summary>Elementwise difference.</summary>
    public static GraphValue operator -(GraphValue left, GraphValue right) => left._builder.Subtract(left, right);

    /// <summary>Elementwise difference with a constant.</summary>
    public static GraphValue operator -(GraphValue left, float right) =>
        left._builder.Subtract(left, left._builder.Scalar(right, left.DType));

    /// <summary>Elementwise product.</summary>
    public static GraphValue operator *(GraphValue left, GraphValue right) => left._builder.Multiply(left, right);

    /// <summary>Elementwise product with a constant.</summary>
    public static GraphValue operator *(GraphValue left, float right) =>
        left._builder.Multiply(left, left._builder.Scalar(right, left.DType));

    /// <summary>Elementwise product with a constant.</summary>
    public static GraphValue operator *(float left, GraphValue right) => right * left;

    /// <summary>Elementwise quotient.</summary>
    public static GraphValue operator /(GraphValue left, GraphValue right) => left._builder.Divide(left, right);

    /// <summary>Elementwise quotient with a constant.</summary>
    public static GraphValue operator /(GraphValue left, float right) =>
        left._builder.Divide(left, left._builder.Scalar(right, left.DType));

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {DType} [{string.Join(", ", Shape)}]";
}
