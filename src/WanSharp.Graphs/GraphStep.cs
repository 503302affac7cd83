namespace WanSharp.Graphs;

/// <summary>An operation of a graph, as far as its cost goes.</summary>
/// <param name="Operator">The ONNX operator.</param>
/// <param name="Inputs">What it reads; constants and weights that are constants are not among them.</param>
/// <param name="Operations">Its multiplications and additions, if it is made of matrix products.</param>
/// <param name="Scratch">Bytes that it takes for itself while it runs.</param>
internal sealed record GraphStep(string Operator, IReadOnlyList<GraphValue> Inputs, Dim Operations, Dim Scratch)
{
    /// <summary>What it writes.</summary>
    public List<GraphValue> Outputs { get; } = [];

    /// <summary>Whether it only gives its input another shape.</summary>
    public bool IsView => Operator is "Reshape" or "Identity";

    /// <summary>Whether it may write over an input that nobody else needs.</summary>
    public bool WorksInPlace => Operator is "Add" or "Sub" or "Mul" or "Div" or "Clip";
}
