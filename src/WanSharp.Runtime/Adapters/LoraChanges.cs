namespace WanSharp.Runtime.Adapters;

/// <summary>What one LoRA does to a transformer.</summary>
/// <param name="Id">What tells it from others: its file's digest, and which of its parts these are.</param>
/// <param name="Changes">The changes of each weight, by the weight's official name, in the order in which they are made.</param>
public sealed record LoraChanges(string Id, IReadOnlyDictionary<string, IReadOnlyList<WeightChange>> Changes)
{
    /// <summary>Its file, for messages; empty if it has none.</summary>
    public string Source { get; init; } = "";
}
