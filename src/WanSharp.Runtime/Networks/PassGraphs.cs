using WanSharp.Graphs;

namespace WanSharp.Runtime.Networks;

/// <summary>The graphs of a transformer's passes: of each kind that was wanted, for any lengths or for those of some batches.</summary>
internal sealed class PassGraphs : IDisposable
{
    private readonly Func<IReadOnlyDictionary<string, long>, int, Kind, CancellationToken, Task<BlockGraphs>> _load;
    private readonly Func<long, long, int> _queryBlocks;
    private readonly bool _areOnHost;
    private BlockGraphs? _plain; // null after others could not be loaded in its place
    private int _blocks = 1; // that an attention is cut into
    private readonly Dictionary<Kind, BlockGraphs> _others = []; // the same with LoRAs, or with negative prompts, once wanted

    private PassGraphs(
        BlockGraphs plain,
        Func<IReadOnlyDictionary<string, long>, int, Kind, CancellationToken, Task<BlockGraphs>> load,
        bool areStatic,
        bool areOnHost,
        Func<long, long, int> queryBlocks
    ) => (_plain, _load, AreStatic, _areOnHost, _queryBlocks) = (plain, load, areStatic, areOnHost, queryBlocks);

    /// <summary>Whether they are compiled for fixed lengths.</summary>
    public bool AreStatic { get; }

    /// <param name="load">Loads the graphs of a kind, for lengths if there are any, that cut an attention into this many parts.</param>
    /// <param name="areStatic">Whether they are compiled for fixed lengths.</param>
    /// <param name="areOnHost">Whether weights are views of host memory.</param>
    /// <param name="queryBlocks">Into how many parts an attention is cut for rows of a pass and tokens of a row.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    public static async Task<PassGraphs> LoadAsync(
        Func<IReadOnlyDictionary<string, long>, int, Kind, CancellationToken, Task<BlockGraphs>> load,
        bool areStatic,
        bool areOnHost,
        Func<long, long, int> queryBlocks,
        CancellationToken cancellationToken
    )
    {
        var any = await load(new Dictionary<string, long>(), 1, default, cancellationToken).ConfigureAwait(false);
        return new PassGraphs(any, load, areStatic, areOnHost, queryBlocks);
    }

    /// <summary>Compiles for lengths what is only compiled for such; it stays with the graph cache.</summary>
    public async Task CompileForAsync(Dictionary<string, long> lengths, CancellationToken cancellationToken)
    {
        if (AreStatic)
        {
            using var graphs = await _load(lengths, BlocksFor(lengths), default, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The graphs of a pass: the plain ones unless a row has LoRAs or a negative prompt, because then these cost nothing. Only one kind
    /// keeps memory.
    /// </summary>
    public BlockGraphs For(Dictionary<string, long> lengths, Kind kind, CancellationToken cancellationToken)
    {
        if (AreStatic)
        {
            UseLengths(lengths, cancellationToken);
        }
        else
        {
            UseBlocks(BlocksFor(lengths), lengths["tokens"], cancellationToken);
        }

        // What is on a device stays there: rows without LoRAs then multiply by nothing, instead of weights being placed again.
        if (!_areOnHost && _others.Keys.Any(other => other.Adapters))
        {
            kind = kind with { Adapters = true };
        }

        var plain = _plain!;
        foreach (var (_, other) in _others.Append(new(default, plain)).Where(other => other.Key != kind))
        {
            other.ReleaseMemory();
        }

        if (kind == default)
        {
            return plain;
        }

        if (!_others.TryGetValue(kind, out var graphs))
        {
            foreach (var (tried, trial) in _others.Where(other => other.Key.Layers is not null).ToList())
            {
                _others.Remove(tried); // a choice of layers is tried once
                trial.Dispose();
            }

            graphs = Load(new Dictionary<string, long>(), _blocks, kind, cancellationToken);
            _others.Add(kind, graphs);
        }

        return graphs;
    }

    /// <summary>Gives back memory that can be had again at the next run.</summary>
    public void ReleaseMemory()
    {
        _plain?.ReleaseMemory();
        foreach (var graphs in _others.Values)
        {
            graphs.ReleaseMemory();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plain?.Dispose();
        _plain = null;
        foreach (var graphs in _others.Values)
        {
            graphs.Dispose();
        }

        _others.Clear();
    }

    /// <summary>
    /// Has the graphs compiled for the lengths of a batch, unless they are; weights are bound anew, compiled graphs stay with the
    /// graph cache.
    /// </summary>
    private void UseLengths(Dictionary<string, long> lengths, CancellationToken cancellationToken)
    {
        if (!lengths.All(length => _plain!.Dimensions.TryGetValue(length.Key, out var known) && known == length.Value))
        {
            var next = Load(lengths, BlocksFor(lengths), default, cancellationToken);
            _plain!.Dispose();
            _plain = next;
        }
    }

    /// <summary>
    /// Has graphs that cut an attention into as many parts as a batch needs, or more. Others are freed first, for a device may have no
    /// room for weights twice.
    /// </summary>
    private void UseBlocks(int wanted, long tokens, CancellationToken cancellationToken)
    {
        if (_plain is not null && wanted <= _blocks && _blocks <= tokens)
        {
            return;
        }

        Dispose();
        _plain = Load(new Dictionary<string, long>(), wanted, default, cancellationToken);
        _blocks = wanted;
    }

    private int BlocksFor(Dictionary<string, long> lengths) => _queryBlocks(lengths["batch"], lengths["tokens"]);

    private BlockGraphs Load(IReadOnlyDictionary<string, long> lengths, int blocks, Kind kind, CancellationToken cancellationToken) =>
#pragma warning disable VSTHRD002 // a pass computes on its caller's thread; CompileForAsync is the way that waits
        _load(lengths, blocks, kind, cancellationToken).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002

    /// <summary>What graphs take in addition to the plain ones.</summary>
    /// <param name="Adapters">LoRAs.</param>
    /// <param name="Negatives">Negative prompts that guide attention.</param>
    /// <param name="Layers">Another choice of layers in 8-bit integers.</param>
    public readonly record struct Kind(bool Adapters, bool Negatives, LayerFormats? Layers);
}
