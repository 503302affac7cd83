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
    /// <param name="transformer">How the transformer is compiled; its mode does not matter.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<bool> IsKeptAsync(
        WanModel model,
        GraphCache graphs,
        SessionSettings settings,
        TransformerOptions transformer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        return await TransformerRunner
                .IsKeptAsync(graphs, model.Transformer, model.TransformerWeights, settings, transformer, cancellationToken)
                .ConfigureAwait(false)
            && (
                model.HighNoiseWeights is not { } highNoise
                || await TransformerRunner
                    .IsKeptAsync(graphs, model.Transformer, highNoise, settings, transformer, cancellationToken)
                    .ConfigureAwait(false)
            );
    }
}
