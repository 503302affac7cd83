using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Adapters;

namespace WanSharp.Runtime.Networks;

/// <summary>The graphs that a context needs once, with their weights bound; and what gives them LoRAs, if they take any.</summary>
internal sealed class ContextGraphs : IDisposable
{
    private ContextGraphs(PreparedRun embed, IBlockWeights keys, AdapterInputs? embedAdapters, BlockAdapters? keyAdapters) =>
        (Embed, Keys, EmbedAdapters, KeyAdapters) = (embed, keys, embedAdapters, keyAdapters);

    /// <summary>Embeds a context.</summary>
    public PreparedRun Embed { get; }

    /// <summary>Makes a block's keys and values.</summary>
    public IBlockWeights Keys { get; }

    /// <summary>Null without LoRAs.</summary>
    public AdapterInputs? EmbedAdapters { get; }

    /// <summary>Null without LoRAs.</summary>
    public BlockAdapters? KeyAdapters { get; }

    /// <param name="loader">The network's weights, and how graphs are compiled.</param>
    /// <param name="configuration">The network's dimensions.</param>
    /// <param name="options">How graphs are written.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    public static async Task<ContextGraphs> LoadAsync(
        NetworkLoader loader,
        TransformerConfig configuration,
        GraphOptions options,
        CancellationToken cancellationToken
    )
    {
        var graphs = new TransformerGraphs(configuration, options);
        var embed = await loader.PrepareAsync(graphs.Context, "", cancellationToken).ConfigureAwait(false);
        try
        {
            var keys = await loader
                .PrepareBlocksAsync(
                    written => new TransformerGraphs(configuration, written).KeysOf,
                    options,
                    configuration.Layers,
                    TransformerGraphs.BlockPrefix,
                    cancellationToken
                )
                .ConfigureAwait(false);
            return options.Adapters
                ? new ContextGraphs(
                    embed,
                    keys,
                    new AdapterInputs(graphs.Context, loader.Weights),
                    new BlockAdapters(graphs.KeysOf, loader.Weights)
                )
                : new ContextGraphs(embed, keys, null, null);
        }
        catch
        {
            embed.Dispose();
            throw;
        }
    }

    /// <summary>Gives back memory that can be had again at the next run.</summary>
    public void ReleaseMemory()
    {
        Keys.ReleaseMemory();
        EmbedAdapters?.ReleaseMemory();
        KeyAdapters?.ReleaseMemory();
    }

    public void Dispose()
    {
        Embed.Dispose();
        Keys.Dispose();
        EmbedAdapters?.Dispose();
        KeyAdapters?.Dispose();
    }
}
