using WanSharp.Tensors;

namespace WanSharp.Runtime.Providers;

/// <summary>A graph to be compiled, as <see cref="CompileSpread"/> sees it.</summary>
/// <param name="Graph">Its name.</param>
/// <param name="Work">What compiling it takes, in any unit that all tasks share: seconds when it was compiled before, or bytes of
/// weights.</param>
/// <param name="Bytes">The device memory that it needs while it is compiled.</param>
/// <param name="Compute">The element type that it multiplies in.</param>
public sealed record CompileTask(string Graph, double Work, long Bytes, DType Compute);
