namespace WanSharp.Jobs.Comfy;

/// <summary>Where an input gets its value.</summary>
/// <param name="Input">The input that holds the value; null when a node computes it.</param>
/// <param name="ComputedBy">The node that computes it; null when it is held.</param>
internal readonly record struct ValueSource(ComfyInput? Input, ComfyNode? ComputedBy);
