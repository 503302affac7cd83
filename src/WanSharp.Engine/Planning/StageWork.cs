using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>What a stage has to compute, whatever the machine.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Work">Operations and bytes, of all its runs.</param>
/// <param name="Widened">Weights that are converted to the graph's type on the way, by their type on disk: elements, of all its
/// runs.</param>
internal sealed record StageWork(PlanStage Stage, GraphWork Work, IReadOnlyDictionary<DType, double> Widened);
