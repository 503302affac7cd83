using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <content>Lengths that are known only when the graph runs, as values in the graph.</content>
public sealed partial class GraphBuilder
{
    private readonly Dictionary<string, (GraphValue Input, int Index, bool IsValue)> _lengthSources = new(StringComparer.Ordinal);
    private readonly Dictionary<Dim, GraphValue> _lengths = [];

    /// <summary>A length as an I64 tensor of shape [1].</summary>
    private GraphValue Length(Dim dim)
    {
        if (dim.Known is { } known)
        {
            return Constant([known], [1]);
        }

        if (!_lengths.TryGetValue(dim, out var length))
        {
            length = dim.Terms.Select(Length).Aggregate((sum, term) => Node("Add", [sum, term], DType.I64, [1]));
            _lengths[dim] = length;
        }

        return length;
    }

    private GraphValue Length(DimTerm term)
    {
        // Products first: what is divided then is the whole number of elements, and nothing is lost.
        GraphValue? product = term.Numerator == 1 && term.Powers.Any(p => p.Value > 0) ? null : Constant([term.Numerator], [1]);
        foreach (var symbol in term.Powers.SelectMany(p => Enumerable.Repeat(p.Key, Math.Max(p.Value, 0))))
        {
            product = product is null ? Symbol(symbol) : Node("Mul", [product, Symbol(symbol)], DType.I64, [1]);
        }

        foreach (var symbol in term.Powers.SelectMany(p => Enumerable.Repeat(p.Key, Math.Max(-p.Value, 0))))
        {
            product = Node("Div", [product, Symbol(symbol)], DType.I64, [1]);
        }

        return term.Denominator == 1 ? product! : Node("Div", [product, Constant([term.Denominator], [1])], DType.I64, [1]);
    }

    private GraphValue Symbol(string name)
    {
        Dim symbol = name;
        if (_lengths.TryGetValue(symbol, out var length))
        {
            return length;
        }

        if (!_lengthSources.TryGetValue(name, out var source))
        {
            throw Error("Length", $"'{name}' is needed when the graph runs, but no input shows it.");
        }

        var (input, index, isValue) = source;
        length = isValue
            ? Node("Slice", [input, Constant([index], [1]), Constant([index + 1], [1])], DType.I64, [1])
            : Node("Shape", [input], DType.I64, [1], OnnxFormat.Attribute("start", index), OnnxFormat.Attribute("end", index + 1));
        _lengths.Add(symbol, length);
        return length;
    }

    /// <summary>A shape as an I64 tensor; runs of known lengths become one constant.</summary>
    private GraphValue ShapeValue(Dim[] shape)
    {
        var parts = new List<GraphValue>();
        var known = new List<long>();
        foreach (var dim in shape)
        {
            if (dim.Known is { } length)
            {
                known.Add(length);
                continue;
            }

            Flush();
            parts.Add(Length(dim));
        }

        Flush();
        return parts is [var only] ? only : Node("Concat", [.. parts], DType.I64, [shape.Length], OnnxFormat.Attribute("axis", 0));

        void Flush()
        {
            if (known.Count > 0 || shape.Length == 0)
            {
                parts.Add(Constant([.. known], [known.Count]));
                known.Clear();
            }
        }
    }
}
