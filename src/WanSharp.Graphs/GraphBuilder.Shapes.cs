using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <content>Operations that move elements and compute nothing.</content>
public sealed partial class GraphBuilder
{
    /// <summary>The same elements under other dimensions, which may hold names and arithmetic.</summary>
    /// <exception cref="GraphException">The element counts differ.</exception>
    public GraphValue Reshape(GraphValue x, ReadOnlySpan<Dim> shape)
    {
        ArgumentNullException.ThrowIfNull(x);
        Dim[] wanted = [.. shape];
        if (wanted.SequenceEqual(x.Shape))
        {
            return x;
        }

        if (wanted.Aggregate(Dim.One, (count, dim) => count * dim) != x.ElementCount)
        {
            throw Error("Reshape", $"the elements do not fill [{string.Join(", ", (IEnumerable<Dim>)wanted)}].", x);
        }

        // ONNX copies a length where 0 stands and infers one where -1 stands; only other unknown lengths cost arithmetic.
        Dim[] written = [.. wanted.Select((dim, axis) => dim.Known is null && axis < x.Rank && dim == x.Shape[axis] ? 0 : dim)];
        var inferred = Enumerable
            .Range(0, written.Length)
            .Where(axis => written[axis].Known is null)
            .OrderByDescending(axis => written[axis].Terms.Sum(term => 1 + term.Powers.Count)) // The costliest.
            .FirstOrDefault(-1);
        if (inferred >= 0)
        {
            written[inferred] = -1;
        }

        return Node("Reshape", [x, ShapeValue(written)], x.DType, wanted);
    }

    /// <summary>Reorders dimensions: dimension i of the result is dimension <paramref name="order"/>[i] of <paramref name="x"/>.</summary>
    public GraphValue Transpose(GraphValue x, ReadOnlySpan<int> order)
    {
        ArgumentNullException.ThrowIfNull(x);
        int[] axes = [.. order];
        if (!axes.Order().SequenceEqual(Enumerable.Range(0, x.Rank)))
        {
            throw Error("Transpose", $"[{string.Join(", ", axes)}] is not an order of {x.Rank} dimensions.", x);
        }

        return Node(
            "Transpose",
            [x],
            x.DType,
            axes.Select(axis => x.Shape[axis]),
            OnnxFormat.Attribute("perm", axes.Select(axis => (long)axis))
        );
    }

    /// <summary>Repeats dimensions of length 1 until they have the lengths of <paramref name="shape"/>.</summary>
    public GraphValue Expand(GraphValue x, ReadOnlySpan<Dim> shape)
    {
        ArgumentNullException.ThrowIfNull(x);
        Dim[] wanted = [.. shape];
        if (!Broadcast("Expand", wanted, x.Shape, x).SequenceEqual(wanted))
        {
            throw Error("Expand", $"the shape [{string.Join(", ", (IEnumerable<Dim>)wanted)}] does not contain it.", x);
        }

        return Node("Expand", [x, ShapeValue(wanted)], x.DType, wanted);
    }

    /// <summary>Joins values along one dimension; a negative axis counts from the end.</summary>
    public GraphValue Concat(ReadOnlySpan<GraphValue> values, int axis)
    {
        GraphValue[] parts = [.. values];
        var first = parts[0];
        axis = Axis("Concat", first, axis);
        foreach (var part in parts.AsSpan(1))
        {
            var fits =
                part.DType == first.DType
                && part.Rank == first.Rank
                && Enumerable.Range(0, first.Rank).All(i => i == axis || part.Shape[i] == first.Shape[i]);
            if (!fits)
            {
                throw Error("Concat", $"the values must have one type and be alike but in dimension {axis}.", parts);
            }
        }

        var joined = parts.Skip(1).Aggregate(first.Shape[axis], (sum, part) => sum + part.Shape[axis]);
        return Node("Concat", parts, first.DType, With(first.Shape, axis, joined), OnnxFormat.Attribute("axis", axis));
    }

    /// <summary>Cuts a value into parts of the given lengths along one dimension; a negative axis counts from the end.</summary>
    public GraphValue[] Split(GraphValue x, int axis, ReadOnlySpan<long> lengths)
    {
        ArgumentNullException.ThrowIfNull(x);
        axis = Axis("Split", x, axis);
        long[] parts = [.. lengths];
        if (x.Shape[axis] != parts.Sum())
        {
            throw Error("Split", $"parts of [{string.Join(", ", parts)}] do not make up dimension {axis}.", x);
        }

        var first = Node(
            "Split",
            [x, Constant(parts, [parts.Length])],
            x.DType,
            With(x.Shape, axis, parts[0]),
            OnnxFormat.Attribute("axis", axis)
        );
        var outputs = _graph.Node[^1].Output;
        var values = new List<GraphValue> { first };
        foreach (var length in parts.AsSpan(1))
        {
            outputs.Add($"{first.Name}:{values.Count}");
            values.Add(new GraphValue(this, outputs[^1], x.DType, With(x.Shape, axis, length)));
            AddToStep(first, values[^1]);
        }

        return [.. values];
    }

    /// <summary>Cuts a value into <paramref name="count"/> equal parts along one dimension of known length.</summary>
    public GraphValue[] Chunk(GraphValue x, int axis, int count)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Shape[Axis("Chunk", x, axis)].Known is { } length && length % count == 0
            ? Split(x, axis, [.. Enumerable.Repeat(length / count, count)])
            : throw Error("Chunk", $"dimension {axis} does not divide into {count} parts.", x);
    }

    /// <summary>Takes <paramref name="length"/> entries of one dimension, from <paramref name="start"/> on.</summary>
    public GraphValue Slice(GraphValue x, int axis, Dim start, Dim length)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(length);
        axis = Axis("Slice", x, axis);
        var end = start + length;
        if (start.Known < 0 || length.Known < 0 || (x.Shape[axis] - end).Known < 0)
        {
            throw Error("Slice", $"entries {start} to {end} are not within dimension {axis}.", x);
        }

        return length == x.Shape[axis]
            ? x
            : Node("Slice", [x, Length(start), Length(end), Constant([axis], [1])], x.DType, With(x.Shape, axis, length));
    }

    /// <summary>Adds entries of one value before and after each dimension.</summary>
    /// <param name="x">What to pad.</param>
    /// <param name="before">How many entries before, for each dimension.</param>
    /// <param name="after">How many entries after, for each dimension.</param>
    /// <param name="value">What they hold.</param>
    public GraphValue Pad(GraphValue x, ReadOnlySpan<long> before, ReadOnlySpan<long> after, float value = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (before.Length != x.Rank || after.Length != x.Rank)
        {
            throw Error("Pad", $"{before.Length} and {after.Length} paddings for {x.Rank} dimensions.", x);
        }

        var shape = x.Shape.ToArray();
        for (var axis = 0; axis < shape.Length; axis++)
        {
            shape[axis] += before[axis] + after[axis];
        }

        return shape.SequenceEqual(x.Shape)
            ? x
            : Node("Pad", [x, Constant([.. before, .. after], [2 * x.Rank]), Scalar(value, x.DType)], x.DType, shape);
    }

    /// <summary>Repeats every entry of each dimension a whole number of times (nearest-neighbour upsampling).</summary>
    public GraphValue UpsampleNearest(GraphValue x, ReadOnlySpan<int> scales)
    {
        ArgumentNullException.ThrowIfNull(x);
        int[] factors = [.. scales];
        if (factors.Length != x.Rank || factors.Any(factor => factor < 1))
        {
            throw Error("UpsampleNearest", $"[{string.Join(", ", factors)}] are not factors for {x.Rank} dimensions.", x);
        }

        return Node(
            "Resize",
            [x, null, Constant([.. factors.Select(factor => (float)factor)], [x.Rank])],
            x.DType,
            x.Shape.Zip(factors, (dim, factor) => dim * factor),
            OnnxFormat.Attribute("mode", "nearest"),
            OnnxFormat.Attribute("coordinate_transformation_mode", "asymmetric"),
            OnnxFormat.Attribute("nearest_mode", "floor")
        );
    }

    /// <summary>
    /// Lays channels out over the image: each block of <paramref name="size"/> × <paramref name="size"/> results comes from one
    /// position.
    /// </summary>
    /// <param name="x">[batch, (row, column, channels), height, width].</param>
    /// <param name="size">Height and width of a block.</param>
    /// <returns>[batch, channels, size · height, size · width].</returns>
    public GraphValue DepthToSpace(GraphValue x, int size)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != 4 || x.Shape[1].Known is not { } channels || size < 1 || channels % (size * size) != 0)
        {
            throw Error("DepthToSpace", $"[batch, channels, height, width] with channels in {size} × {size} parts is needed.", x);
        }

        Dim[] shape = [x.Shape[0], channels / (size * size), x.Shape[2] * size, x.Shape[3] * size];
        return Node("DepthToSpace", [x], x.DType, shape, OnnxFormat.Attribute("blocksize", size), OnnxFormat.Attribute("mode", "DCR"));
    }

    /// <summary>Picks rows: the result has the shape of <paramref name="indices"/> (I64), then the table's inner dimensions.</summary>
    public GraphValue Gather(GraphValue table, GraphValue indices)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(indices);
        return table.Rank > 0 && indices.DType is DType.I64 or DType.I32
            ? Node("Gather", [table, indices], table.DType, [.. indices.Shape, .. table.Shape.Skip(1)], OnnxFormat.Attribute("axis", 0))
            : throw Error("Gather", "rows are picked from a table by integers.", table, indices);
    }

    /// <summary>The numbers 0, 1, … up to <paramref name="length"/>, I64 [length].</summary>
    public GraphValue Range(Dim length)
    {
        ArgumentNullException.ThrowIfNull(length);
        var end = Reshape(Length(length), []);
        return Node("Range", [Constant([0L], []), end, Constant([1L], [])], DType.I64, [length]);
    }

    private static Dim[] With(IReadOnlyList<Dim> shape, int axis, Dim length)
    {
        var changed = shape.ToArray();
        changed[axis] = length;
        return changed;
    }

    private int Axis(string op, GraphValue x, int axis)
    {
        var fromStart = axis < 0 ? axis + x.Rank : axis;
        return fromStart >= 0 && fromStart < x.Rank ? fromStart : throw Error(op, $"there is no dimension {axis}.", x);
    }

    private Dim[] Broadcast(string op, IReadOnlyList<Dim> left, IReadOnlyList<Dim> right, params ReadOnlySpan<GraphValue?> operands)
    {
        var shape = new Dim[Math.Max(left.Count, right.Count)];
        for (var i = 1; i <= shape.Length; i++)
        {
            var l = i <= left.Count ? left[^i] : Dim.One;
            var r = i <= right.Count ? right[^i] : Dim.One;
            shape[^i] =
                l == r || r == Dim.One ? l
                : l == Dim.One ? r
                : throw Error(op, $"lengths {l} and {r} do not broadcast.", operands);
        }

        return shape;
    }
}
