using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Engine.Denoising;

/// <summary>A pass that a <see cref="LayerTrial"/> sees; valid during the call.</summary>
/// <param name="Step">The clip's step, from 0.</param>
/// <param name="IsHighNoise">Whose pass it was.</param>
/// <param name="Velocity">What it gave.</param>
/// <param name="Repeat">Runs it again with other layers, into a tensor of the same shape.</param>
internal sealed record TrialPass(int Step, bool IsHighNoise, Tensor Velocity, Action<LayerFormats, Tensor> Repeat);
