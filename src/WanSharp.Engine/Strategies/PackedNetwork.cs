using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.Strategies;

/// <summary>
/// Tells whether a model's whole transformer, both experts where there are two, is on disk with packed weights:
/// <see cref="StrategyFacts.IsPacked"/>.
/// </summary>
public static class PackedNetwork
{
    /// <summary>
    /// Whether the packed network is on disk. Writes the graph for its digest, but reads no weights and compiles nothing.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="graphs">Knows the runtime.</param>
    /// <param name="settings">How graphs are compiled.</param>
    /// <param name="transformer">How the transformer is; its mode does not matter.</param>
    public static bool IsKept(WanModel model, GraphCache graphs, SessionSettings settings, TransformerOptions transformer)
    {
        ArgumentNullException.ThrowIfNull(model);
        return IsKept(model, ExpertWeights.Of(model), graphs, settings, transformer);
    }

    /// <summary>The same of other weights than the model's own.</summary>
    internal static bool IsKept(
        WanModel model,
        ExpertWeights experts,
        GraphCache graphs,
        SessionSettings settings,
        TransformerOptions transformer
    ) =>
        TransformerRunner.IsKept(graphs, model.Transformer, experts.LowNoise, settings, transformer)
        && (
            experts.HighNoise is not { } highNoise || TransformerRunner.IsKept(graphs, model.Transformer, highNoise, settings, transformer)
        );
}
