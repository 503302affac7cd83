namespace WanSharp.Graphs;

/// <summary>A graph was described that cannot be: shapes or element types do not fit, or a name is taken.</summary>
public sealed class GraphException : Exception
{
    /// <summary>An error without a place.</summary>
    public GraphException(string message)
        : base(message) { }

    /// <summary>An error at an operation; the message names it and the values that it was given.</summary>
    internal GraphException(string operation, string problem, params ReadOnlySpan<GraphValue?> operands)
        : base($"{operation}: {problem}{Describe(operands)}") { }

    private static string Describe(ReadOnlySpan<GraphValue?> operands)
    {
        var given = new List<string>();
        foreach (var operand in operands)
        {
            if (operand is not null)
            {
                given.Add(operand.ToString());
            }
        }

        return given.Count == 0 ? "" : $" Given: {string.Join("; ", given)}.";
    }
}
