using WanSharp.Graphs.Onnx;
using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <content>Operators in narrow types: where they stand between conversions, and how often a value was rounded.</content>
public sealed partial class GraphBuilder
{
    // The processor's kernels of ONNX Runtime 1.31 take any type for these; in BF16 it has no others (Expand among them).
    private static readonly HashSet<string> Moves = ["Cast", "Concat", "Gather", "Identity", "Reshape", "Slice", "Split", "Transpose"];

    private readonly Dictionary<(GraphValue Value, DType DType), GraphValue> _casts = [];
    private int _islands;

    /// <summary>What layers compute in here: <see cref="GraphOptions.Compute"/>, but F32 within <see cref="Island"/>.</summary>
    public DType Compute => _islands > 0 ? DType.F32 : Options.Compute;

    /// <summary>Until it is disposed, layers compute in F32: for those that a narrow type would harm.</summary>
    public IDisposable Island()
    {
        _islands++;
        return new IslandEnd(this);
    }

    /// <summary>Converts elements to another type.</summary>
    public GraphValue Cast(GraphValue x, DType dtype)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.DType == dtype)
        {
            return x;
        }

        if (!_casts.TryGetValue((x, dtype), out var cast))
        {
            cast = Node("Cast", [x], dtype, x.Shape, OnnxFormat.Attribute("to", (long)dtype.ToOnnx()));
            if (IsFloat(x) && IsFloat(cast))
            {
                _casts.Add((x, dtype), cast);
            }
        }

        return cast;
    }

    private static bool IsNarrow(DType dtype) => dtype is DType.F16 or DType.BF16;

    /// <summary>An operator, between conversions where there is no kernel for its types.</summary>
    private GraphValue Operate(
        string op,
        string domain,
        ReadOnlySpan<GraphValue?> inputs,
        DType dtype,
        IEnumerable<Dim> shape,
        ReadOnlySpan<AttributeProto> attributes
    )
    {
        if (!IsConverted(op, inputs, dtype))
        {
            return Step(op, inputs, new(this, Emit(op, domain, Names(inputs), attributes), dtype, [.. shape]));
        }

        var (work, scratch) = (_nextWork, _nextScratch); // of the operator, not of what converts for it
        (_nextWork, _nextScratch) = (0, 0);
        GraphValue?[] wide = [.. inputs.ToArray().Select(input => input is { } x && IsNarrow(x.DType) ? Cast(x, DType.F32) : input)];
        (_nextWork, _nextScratch) = (work, scratch);
        var kernelType = IsNarrow(dtype) ? DType.F32 : dtype;
        return Cast(Step(op, wide, new(this, Emit(op, domain, Names(wide), attributes), kernelType, [.. shape])), dtype);
    }

    private bool IsConverted(string op, ReadOnlySpan<GraphValue?> inputs, DType dtype)
    {
        if (Options.NarrowOperators == NarrowOperators.All || Moves.Contains(op))
        {
            return false;
        }

        var isNarrow = IsNarrow(dtype);
        foreach (var input in inputs)
        {
            isNarrow |= input is not null && IsNarrow(input.DType);
        }

        return isNarrow;
    }

    /// <summary>How often what a step gives was rounded to a narrow type, on the longest way there.</summary>
    private static int Roundings(string op, ReadOnlySpan<GraphValue?> inputs, DType dtype)
    {
        var before = 0;
        foreach (var input in inputs)
        {
            before = Math.Max(before, input?.Roundings ?? 0);
        }

        return before + (IsNarrow(dtype) && (op == "Cast" || !Moves.Contains(op)) ? 1 : 0);
    }

    private sealed class IslandEnd(GraphBuilder builder) : IDisposable
    {
        public void Dispose() => builder._islands--;
    }
}
