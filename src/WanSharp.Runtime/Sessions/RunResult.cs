namespace WanSharp.Runtime;

/// <summary>The outputs of a run. Disposing it releases those that the library made, not those that the caller had provided.</summary>
public sealed class RunResult : IDisposable
{
    private readonly IReadOnlyList<RuntimeValue> _owned;

    internal RunResult(IReadOnlyDictionary<string, RuntimeValue> values, IReadOnlyList<RuntimeValue> owned)
    {
        Values = values;
        _owned = owned;
    }

    /// <summary>All outputs by name.</summary>
    public IReadOnlyDictionary<string, RuntimeValue> Values { get; }

    /// <summary>An output.</summary>
    /// <exception cref="KeyNotFoundException">The graph has no such output; the message lists those that it has.</exception>
    public RuntimeValue this[string name] =>
        Values.TryGetValue(name, out var value)
            ? value
            : throw new KeyNotFoundException($"There is no output '{name}'; there are {string.Join(", ", Values.Keys)}.");

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var value in _owned)
        {
            value.Dispose();
        }
    }
}
