using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Adapters;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// The graphs that a transformer is cut into, with its weights bound: compiled for any shapes, or for those of some batches.
/// </summary>
internal sealed class BlockGraphs : IDisposable
{
    private BlockGraphs(PreparedRun embed, IBlockExecutor blocks, PreparedRun head, IReadOnlyDictionary<string, long> dimensions) =>
        (Embed, Blocks, Head, Dimensions) = (embed, blocks, head, dimensions);

    /// <summary>What gives <see cref="Embed"/> LoRAs; null without.</summary>
    public AdapterInputs? EmbedAdapters { get; private init; }

    /// <summary>What gives <see cref="Head"/> LoRAs; null without.</summary>
    public AdapterInputs? HeadAdapters { get; private init; }

    public PreparedRun Embed { get; }

    public IBlockExecutor Blocks { get; }

    public PreparedRun Head { get; }

    /// <summary>The lengths that they are compiled for; empty for any.</summary>
    public IReadOnlyDictionary<string, long> Dimensions { get; }

    /// <param name="loader">The network's weights, and how graphs are compiled.</param>
    /// <param name="configuration">The network's dimensions.</param>
    /// <param name="options">How graphs are written.</param>
    /// <param name="transformer">Whether a block runs on all tokens at once.</param>
    /// <param name="keys">Joins the contexts of a batch; owned from here on.</param>
    /// <param name="negatives">Joins the negative prompts of a batch; null for graphs that do not guide their attention. Owned.</param>
    /// <param name="observe">Sees intermediate values.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    public static async Task<BlockGraphs> LoadAsync(
        NetworkLoader loader,
        TransformerConfig configuration,
        GraphOptions options,
        TransformerOptions transformer,
        JoinedKeys keys,
        JoinedKeys? negatives,
        Action<string, Tensor>? observe,
        CancellationToken cancellationToken
    )
    {
        var graphs = new TransformerGraphs(configuration, options);
        var owned = new List<IDisposable> { keys };
        if (negatives is not null)
        {
            owned.Add(negatives);
        }

        try
        {
            var embed = Own(await loader.PrepareAsync(graphs.Embed, "", cancellationToken).ConfigureAwait(false));
            var blocks = Own(
                await PrepareAsync(loader, configuration, options, transformer, keys, negatives, observe, cancellationToken)
                    .ConfigureAwait(false)
            );
            var head = Own(await loader.PrepareAsync(graphs.Head, "", cancellationToken).ConfigureAwait(false));
            return new BlockGraphs(embed, blocks, head, loader.Dimensions)
            {
                EmbedAdapters = options.Adapters ? new AdapterInputs(graphs.Embed, loader.Weights) : null,
                HeadAdapters = options.Adapters ? new AdapterInputs(graphs.Head, loader.Weights) : null,
            };
        }
        catch
        {
            owned.ForEach(part => part.Dispose());
            throw;
        }

        T Own<T>(T part)
            where T : IDisposable
        {
            owned.Add(part);
            return part;
        }
    }

    /// <summary>Gives back memory that can be had again at the next run.</summary>
    public void ReleaseMemory()
    {
        Blocks.ReleaseMemory();
        EmbedAdapters?.ReleaseMemory();
        HeadAdapters?.ReleaseMemory();
    }

    public void Dispose()
    {
        ReleaseMemory();
        Embed.Dispose();
        Blocks.Dispose();
        Head.Dispose();
    }

    private static async Task<IBlockExecutor> PrepareAsync(
        NetworkLoader loader,
        TransformerConfig configuration,
        GraphOptions options,
        TransformerOptions transformer,
        JoinedKeys keys,
        JoinedKeys? negatives,
        Action<string, Tensor>? observe,
        CancellationToken cancellationToken
    )
    {
        if (transformer.TokensAtOnce is not { } most || loader.Memory is not HostMemory || observe is not null)
        {
            return new FullBlockExecutor(
                await BlocksAsync((graphs, block) => graphs.BlockOf(block)).ConfigureAwait(false),
                keys,
                configuration,
                Adapters(graphs => graphs.BlockOf),
                negatives,
                observe
            );
        }

        var selfKeys = await BlocksAsync((graphs, block) => graphs.SelfKeysOf(block)).ConfigureAwait(false);
        try
        {
            return new PieceBlockExecutor(
                selfKeys,
                await BlocksAsync((graphs, block) => graphs.BlockRowsOf(block)).ConfigureAwait(false),
                keys,
                configuration,
                most
            )
            {
                KeyAdapters = Adapters(graphs => graphs.SelfKeysOf),
                RowAdapters = Adapters(graphs => graphs.BlockRowsOf),
                Negatives = negatives,
            };
        }
        catch
        {
            selfKeys.Dispose();
            throw;
        }

        BlockAdapters? Adapters(Func<TransformerGraphs, Func<int, OnnxGraph>> choose) =>
            options.Adapters ? new BlockAdapters(choose(new TransformerGraphs(configuration, options)), loader.Weights) : null;

        Task<IBlockWeights> BlocksAsync(Func<TransformerGraphs, int, OnnxGraph> choose) =>
            loader.PrepareBlocksAsync(
                written =>
                {
                    var graphs = new TransformerGraphs(configuration, written);
                    return block => choose(graphs, block);
                },
                options,
                configuration.Layers,
                TransformerGraphs.BlockPrefix,
                cancellationToken
            );
    }
}
