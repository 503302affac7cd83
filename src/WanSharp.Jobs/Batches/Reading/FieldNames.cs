using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches.Reading;

/// <summary>The names of the fields that a job may have, ignoring case.</summary>
/// <param name="names">The names, in the order in which messages list them.</param>
internal sealed class FieldNames(IReadOnlyList<string> names)
{
    /// <summary>The names.</summary>
    public IReadOnlyList<string> All => names;

    /// <summary>Whether there is a field of a name.</summary>
    public bool Contains(string name) => names.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>What to say of a name that is not a field's.</summary>
    public string Unknown(string name) => $"There is no field '{name}': there are {this}.{NearestName.Hint(name, names)}";

    /// <summary>The names, separated by commas.</summary>
    public override string ToString() => string.Join(", ", names);
}
