using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using WanSharp.Graphs.Onnx;
using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <summary>
/// Writes a network as an ONNX graph: each method adds one logical operation, checks and infers shapes at once, and
/// lowers it to ONNX operators as <see cref="GraphOptions"/> say. Not thread-safe; the same calls give the same bytes.
/// </summary>
/// <remarks>
/// <para>Shapes may hold lengths that are known only when the graph runs (<see cref="Dim"/>). Every name in them must
/// come from a dimension of an input (<see cref="Input"/>) or from a value of an input (<see cref="Lengths"/>), and the
/// builder adds the shape arithmetic that a reshape needs.</para>
/// <para>Weights are declared by their names in a checkpoint, relative to the open scopes; nodes are named by the same
/// path, so that a profile reads like the network.</para>
/// </remarks>
public sealed partial class GraphBuilder
{
    private readonly GraphProto _graph = new();
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private readonly List<GraphValue> _inputs = [];
    private readonly List<GraphValue> _outputs = [];
    private readonly Dictionary<string, (GraphValue Value, GraphValue Stored, WeightSlot Slot)> _weights = new(StringComparer.Ordinal);
    private readonly List<WeightSlot> _slots = [];
    private readonly Dictionary<(TensorProto.Types.DataType, Shape, ByteString), string> _constants = [];
    private readonly List<string> _scopes = [];
    private bool _usesFusedOperators;
    private readonly List<GraphStep> _steps = [];
    private readonly HashSet<GraphValue> _constantValues = [];
    private Dim _nextWork = 0;
    private Dim _nextScratch = 0;

    /// <summary>Begins a graph.</summary>
    /// <param name="name">The graph's name; its weights' file is called after it.</param>
    /// <param name="options">How to write it.</param>
    public GraphBuilder(string name, GraphOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(options);
        _graph.Name = name;
        Options = options.Compute is DType.F32 or DType.F16 or DType.BF16
            ? options
            : throw new GraphException($"A network cannot be computed in {options.Compute}: F32, F16 or BF16.");
    }

    /// <summary>How the graph is written.</summary>
    public GraphOptions Options { get; }

    private bool Fused => Options.Lowering == Lowering.Fused;

    /// <summary>Declares an input. New names in its shape stand for its dimensions from here on.</summary>
    /// <param name="name">The input's name.</param>
    /// <param name="dtype">Its element type.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="description">What to pass; kept in the file for strangers.</param>
    public GraphValue Input(string name, DType dtype, ReadOnlySpan<Dim> shape, string description = "")
    {
        var input = new GraphValue(this, Unique(name, name), dtype, shape);
        _inputs.Add(input);
        _graph.Input.Add(OnnxFormat.Describe(input, description));
        for (var axis = 0; axis < shape.Length; axis++)
        {
            if (shape[axis] is { Known: null, Terms: [{ Powers.Count: 1, Numerator: 1, Denominator: 1 }] })
            {
                _lengthSources.TryAdd(shape[axis].ToString(), (input, axis, IsValue: false));
            }
        }

        return input;
    }

    /// <summary>Declares an input of lengths, I64 [<paramref name="names"/>], for dimensions that no other input shows.</summary>
    /// <returns>One length for each name.</returns>
    public Dim[] Lengths(string name, ReadOnlySpan<string> names, string description = "")
    {
        var input = Input(name, DType.I64, [names.Length], description);
        for (var i = 0; i < names.Length; i++)
        {
            if (!_lengthSources.TryAdd(names[i], (input, i, IsValue: true)))
            {
                throw Error("Lengths", $"the length '{names[i]}' has a source already.", input);
            }
        }

        return [.. names.ToArray().Select(n => (Dim)n)];
    }

    /// <summary>Declares a weight, or gives the one declared before under this name.</summary>
    /// <param name="name">The tensor's name in a checkpoint, relative to the open scopes.</param>
    /// <param name="shape">Its shape, as in the checkpoint.</param>
    /// <param name="dtype">The element type wanted. Default: F32, as norms and modulation need.</param>
    public GraphValue Weight(string name, ReadOnlySpan<long> shape, DType dtype = DType.F32)
    {
        var stored = dtype == DType.F32 && shape.Length == 2 ? Options.StoredMatrices : dtype;
        var slot = new WeightSlot(Path(name), stored, Shape.Create(shape));
        if (_weights.TryGetValue(slot.Name, out var known))
        {
            return known.Slot == slot ? known.Value : throw Error("Weight", $"{slot} was declared before as {known.Slot}.");
        }

        var weight = new GraphValue(this, Unique(slot.Name, slot.Name), stored, [.. shape.ToArray().Select(d => (Dim)d)]);
        weight.Roundings = IsNarrow(dtype) ? 1 : 0; // what was stored wider
        var value = Cast(weight, dtype);
        _weights.Add(slot.Name, (value, weight, slot));
        _slots.Add(slot);
        if (Options.Weights == WeightStorage.Initializers)
        {
            _constantValues.Add(value);
        }

        return value;
    }

    /// <summary>Declares that a value leaves the graph, under its own name.</summary>
    /// <returns>The value under its new name.</returns>
    public GraphValue Output(string name, GraphValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var isFree = !_outputs.Contains(value) && _graph.Node.Any(node => node.Output.Contains(value.Name));
        var output = isFree ? value : Node("Identity", [value], value.DType, value.Shape);
        Rename(output, Unique(name, name));
        _outputs.Add(output);
        _graph.Output.Add(OnnxFormat.Describe(output));
        return output;
    }

    /// <summary>Marks a value that tests want to see: an output when <see cref="GraphOptions.Probes"/> is set, otherwise nothing.</summary>
    /// <returns>The value itself.</returns>
    public GraphValue Probe(string name, GraphValue value)
    {
        if (Options.Probes)
        {
            Output(name, value);
        }

        return value;
    }

    /// <summary>Opens a scope: until it is disposed, weights and nodes are named below <paramref name="name"/>.</summary>
    public IDisposable Scope(string name)
    {
        _scopes.Add(name);
        return new ScopeEnd(this);
    }

    /// <summary>A constant of one element.</summary>
    /// <param name="value">Its value.</param>
    /// <param name="dtype">F32, F16 or BF16.</param>
    public GraphValue Scalar(float value, DType dtype = DType.F32) =>
        dtype switch
        {
            DType.F32 => Constant<float>([value], DType.F32, []),
            DType.F16 => Constant<Half>([(Half)value], DType.F16, []),
            DType.BF16 => Constant<BFloat16>([(BFloat16)value], DType.BF16, []),
            DType.I64 => Constant<long>([(long)value], DType.I64, []),
            _ => throw Error("Scalar", $"no constant of type {dtype} can be made from {value}."),
        };

    /// <summary>A constant of floats.</summary>
    public GraphValue Constant(ReadOnlySpan<float> values, ReadOnlySpan<long> shape) => Constant(values, DType.F32, shape);

    /// <summary>A constant of integers.</summary>
    public GraphValue Constant(ReadOnlySpan<long> values, ReadOnlySpan<long> shape) => Constant(values, DType.I64, shape);

    /// <summary>Ends the graph.</summary>
    /// <exception cref="GraphException">The graph has no output.</exception>
    public OnnxGraph Build()
    {
        if (_outputs.Count == 0)
        {
            throw new GraphException($"The graph '{_graph.Name}' has no output.");
        }

        var graph = _graph.Clone();
        foreach (var (_, weight, slot) in _slots.Select(slot => _weights[slot.Name]))
        {
            if (Options.Weights == WeightStorage.Inputs)
            {
                graph.Input.Add(OnnxFormat.Describe(weight));
            }
            else
            {
                graph.Initializer.Add(
                    new TensorProto
                    {
                        Name = slot.Name,
                        DataType = (int)slot.DType.ToOnnx(),
                        Dims = { slot.Shape.Dims.ToArray() },
                    }
                );
            }
        }

        DescribeConvolutions(graph);
        return new OnnxGraph(graph, Options, _usesFusedOperators, [.. _inputs], [.. _outputs], [.. _slots], [.. _adapters], [.. _steps]);
    }

    private GraphValue Constant<T>(ReadOnlySpan<T> values, DType dtype, ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        var constant = new GraphValue(this, Initializer(values, dtype.ToOnnx(), shape), dtype, [.. shape.ToArray().Select(d => (Dim)d)]);
        _constantValues.Add(constant);
        return constant;
    }

    /// <summary>The name of a constant; the same constant is kept once.</summary>
    private string Initializer<T>(ReadOnlySpan<T> values, TensorProto.Types.DataType dataType, ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        var dims = Shape.Create(shape);
        if (dims.ElementCount != values.Length)
        {
            throw Error("Constant", $"{values.Length} values do not fill shape {dims}.");
        }

        var bytes = ByteString.CopyFrom(MemoryMarshal.AsBytes(values));
        if (!_constants.TryGetValue((dataType, dims, bytes), out var name))
        {
            name = Unique("a constant", $"constant_{_constants.Count}");
            _graph.Initializer.Add(
                new TensorProto
                {
                    Name = name,
                    DataType = (int)dataType,
                    Dims = { shape.ToArray() },
                    RawData = bytes,
                }
            );
            _constants.Add((dataType, dims, bytes), name);
        }

        return name;
    }

    /// <summary>
    /// Counts the multiplications and additions of a matrix product, or of what is made of such: two for each of its terms.
    /// </summary>
    /// <remarks>They belong to the node that is emitted next.</remarks>
    private void CountProduct(Dim rows, Dim inner, Dim columns) => _nextWork += 2 * rows * inner * columns;

    /// <summary>Counts the bytes that the kernel of the node that is emitted next takes for itself while it runs.</summary>
    private void CountScratch(Dim elements, DType dtype) =>
        _nextScratch += elements * (Options.NarrowOperators == NarrowOperators.Moves ? DType.F32 : dtype).ByteSize();

    private GraphValue Node(
        string op,
        ReadOnlySpan<GraphValue?> inputs,
        DType dtype,
        IEnumerable<Dim> shape,
        params ReadOnlySpan<AttributeProto> attributes
    ) => Operate(op, "", inputs, dtype, shape, attributes);

    private GraphValue FusedNode(
        string op,
        ReadOnlySpan<GraphValue?> inputs,
        DType dtype,
        IEnumerable<Dim> shape,
        params ReadOnlySpan<AttributeProto> attributes
    )
    {
        _usesFusedOperators = true;
        return Operate(op, OnnxGraph.FusedDomain, inputs, dtype, shape, attributes);
    }

    /// <summary>Notes what a node costs; what is made of constants alone is a constant, and costs nothing when the graph runs.</summary>
    private GraphValue Step(string op, ReadOnlySpan<GraphValue?> inputs, GraphValue result)
    {
        result.Roundings = Roundings(op, inputs, result.DType);
        GraphValue[] read = [.. inputs.ToArray().OfType<GraphValue>().Where(input => !_constantValues.Contains(input))];
        if (read.Length == 0)
        {
            _constantValues.Add(result);
        }
        else
        {
            _steps.Add(new GraphStep(op, read, _nextWork, _nextScratch) { Outputs = { result } });
        }

        (_nextWork, _nextScratch) = (0, 0);
        return result;
    }

    /// <summary>A further output of the node that <paramref name="first"/> is from.</summary>
    private void AddToStep(GraphValue first, GraphValue further)
    {
        further.Roundings = first.Roundings;
        if (_constantValues.Contains(first))
        {
            _constantValues.Add(further);
        }
        else
        {
            _steps[^1].Outputs.Add(further);
        }
    }

    private string Emit(string op, string domain, ReadOnlySpan<string> inputs, ReadOnlySpan<AttributeProto> attributes)
    {
        var name = NodeName(op);
        var node = new NodeProto
        {
            Name = name,
            OpType = op,
            Output = { name },
            Input = { inputs.ToArray() },
            Attribute = { attributes.ToArray() },
        };
        if (domain.Length > 0)
        {
            node.Domain = domain;
        }

        _graph.Node.Add(node);
        return name;
    }

    // An empty name stands for an optional input left out.
    private static string[] Names(ReadOnlySpan<GraphValue?> values) => [.. values.ToArray().Select(value => value?.Name ?? "")];

    private void Rename(GraphValue value, string name)
    {
        foreach (var node in _graph.Node)
        {
            Replace(node.Input, value.Name, name);
            Replace(node.Output, value.Name, name);
        }

        value.Name = name;
    }

    private static void Replace(RepeatedField<string> names, string old, string replacement)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == old)
            {
                names[i] = replacement;
            }
        }
    }

    private string Path(string name) => _scopes.Count == 0 ? name : $"{string.Join('.', _scopes)}.{name}";

    private string NodeName(string op)
    {
        var name = _scopes.Count == 0 ? op : $"{string.Join('.', _scopes)}/{op}";
        var count = _names[name] = _names.GetValueOrDefault(name) + 1;
        return count == 1 ? name : Unique("a node", $"{name}_{count}");
    }

    private string Unique(string what, string name) =>
        _names.TryAdd(name, 1)
            ? name
            : throw new GraphException($"The name '{name}' is taken in the graph '{_graph.Name}': {what} needs another.");

    private GraphException Error(string op, string problem, params ReadOnlySpan<GraphValue?> operands) => new(Path(op), problem, operands);

    private sealed class ScopeEnd(GraphBuilder builder) : IDisposable
    {
        public void Dispose() => builder._scopes.RemoveAt(builder._scopes.Count - 1);
    }
}
