using WanSharp.Tensors;

namespace WanSharp.Graphs;

/// <summary>A weight that a graph needs.</summary>
/// <param name="Name">The tensor's name in an official checkpoint; relative to <c>blocks.N.</c> in the graph of a block.</param>
/// <param name="DType">The element type that the graph expects.</param>
/// <param name="Shape">The shape, as in the checkpoint.</param>
public sealed record WeightSlot(string Name, DType DType, Shape Shape);
