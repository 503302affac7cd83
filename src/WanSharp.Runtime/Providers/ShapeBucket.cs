using WanSharp.Tensors;

namespace WanSharp.Runtime.Providers;

/// <summary>The shapes that one of a graph's inputs takes, for engines that are built for a range.</summary>
/// <param name="Input">The input's name.</param>
/// <param name="Smallest">The smallest shape.</param>
/// <param name="Usual">The shape to be fastest at.</param>
/// <param name="Largest">The largest shape.</param>
public sealed record ShapeBucket(string Input, Shape Smallest, Shape Usual, Shape Largest);
