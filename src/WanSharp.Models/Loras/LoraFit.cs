using WanSharp.Runtime.Adapters;
using WanSharp.Tensors;

namespace WanSharp.Models.Loras;

/// <summary>What a LoRA does to a model's transformer.</summary>
/// <param name="Changes">The changes.</param>
/// <param name="Dropped">Names of tensors for parts that the model does not have, and whose loss is known to do no harm: those of text
/// encoders, those that look at images in a model that takes them otherwise, and those of a first layer with other inputs.</param>
public sealed record LoraFit(LoraChanges Changes, IReadOnlyList<string> Dropped)
{
    /// <summary>One of <see cref="Dropped"/>, fit for a message; null where nothing is dropped.</summary>
    internal string? DroppedExample => Dropped.Count > 0 ? CheckpointException.Quote(Dropped[0]) : null;

    /// <summary>Why it changes nothing, as part of a sentence; null if it changes something, or that is not known.</summary>
    internal string? NoEffect { get; init; }

    /// <summary>Whether its scale is said nowhere, though the tool that made it always has one.</summary>
    internal bool IsUnscaled { get; init; }
}
