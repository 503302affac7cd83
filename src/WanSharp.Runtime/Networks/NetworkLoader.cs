using WanSharp.Graphs;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>What the runners share: a compiled graph, prepared with weights bound.</summary>
/// <param name="graphs">Compiles each graph once.</param>
/// <param name="settings">How graphs are compiled.</param>
/// <param name="weights">The network's weights.</param>
/// <param name="keptBytes">How many bytes of converted copies are kept.</param>
/// <param name="widensAhead">Whether blocks are widened while the ones before them run.</param>
internal sealed class NetworkLoader(
    GraphCache graphs,
    SessionSettings settings,
    WeightStore weights,
    long keptBytes = NetworkLoader.KeptBytes,
    bool widensAhead = true
)
{
    // Converted copies of a small network are kept: widening Shapes again for every block would cost more than its runs.
    private const long KeptBytes = 256L << 20;

    // In host memory a plan for shapes that change gains nothing: freed blocks are kept for the next run as they are. It costs a
    // quarter more, because a kernel's own memory is added to one block for all the rest.
    private readonly SessionSettings _settings =
        settings.IsOnHost && settings.Dimensions.Count == 0 ? settings with { MemoryPattern = false } : settings;

    public WeightStore Weights => weights;

    /// <summary>The lengths that graphs are compiled for; empty for any.</summary>
    public IReadOnlyDictionary<string, long> Dimensions => settings.Dimensions;

    /// <summary>Where values are between runs.</summary>
    public SessionMemory Memory { get; } = graphs.Runtime.MemoryOf(settings);

    /// <summary>How graphs are written for the provider.</summary>
    /// <param name="observed">Whether intermediate values leave the graphs.</param>
    public GraphOptions Options(bool observed = false) => graphs.Runtime.GraphOptionsFor(settings) with { Probes = observed };

    /// <summary>A run of a graph whose weights are inputs, with those weights bound.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="prefix">What stands before the weights' names in the checkpoint.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    public Task<PreparedRun> PrepareAsync(OnnxGraph graph, string prefix, CancellationToken cancellationToken) =>
        PrepareAsync(graph, slot => weights.Get(slot, prefix), cancellationToken);

    private async Task<PreparedRun> PrepareAsync(OnnxGraph graph, Func<WeightSlot, Tensor> weightOf, CancellationToken cancellationToken)
    {
        using var use = await graphs.RentAsync(graph, _settings, cancellationToken).ConfigureAwait(false);
        var run = use.Session.Prepare();
        try
        {
            foreach (var slot in graph.Weights)
            {
                run.GiveInput(slot.Name, Memory.Place(weightOf(slot), cancellationToken));
            }

            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>The runs of a network's blocks, all of one graph.</summary>
    /// <param name="write">Writes the graph of a block, its weights named relative to the prefix.</param>
    /// <param name="options">How it is written.</param>
    /// <param name="count">How many blocks there are.</param>
    /// <param name="prefix">What stands before the names of a block's weights in the checkpoint.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    public Task<IBlockWeights> PrepareBlocksAsync(
        Func<GraphOptions, OnnxGraph> write,
        GraphOptions options,
        int count,
        Func<int, string> prefix,
        CancellationToken cancellationToken
    ) =>
        PrepareBlocksAsync(
            written =>
            {
                var graph = write(written);
                return _ => graph;
            },
            options,
            count,
            prefix,
            cancellationToken
        );

    /// <summary>The runs of a network's blocks, some of which may have other graphs than others.</summary>
    /// <inheritdoc cref="PrepareBlocksAsync(Func{GraphOptions, OnnxGraph}, GraphOptions, int, Func{int, string}, CancellationToken)"/>
    public async Task<IBlockWeights> PrepareBlocksAsync(
        Func<GraphOptions, Func<int, OnnxGraph>> write,
        GraphOptions options,
        int count,
        Func<int, string> prefix,
        CancellationToken cancellationToken
    )
    {
        OnnxGraph[] blocks = [.. Enumerable.Range(0, count).Select(write(options))];
        if (Memory is not HostMemory)
        {
            return Measured(new PlacedBlocks(count, weights, (i, token) => PrepareAsync(blocks[i], prefix(i), token)));
        }

        if (IsTooMuchToKeep(blocks, prefix))
        {
            OnnxGraph[] halves = [.. Enumerable.Range(0, count).Select(write(options with { StoredMatrices = DType.F16 }))];
            if (
                Enumerable
                    .Range(0, count)
                    .All(i => halves[i].Weights.Where(slot => slot.DType == DType.F16).All(slot => weights.IsView(slot, prefix(i))))
            )
            {
                blocks = halves; // widened by the graph, a matrix at a time
            }
        }

        if (IsTooMuchToKeep(blocks, prefix))
        {
            return Measured(
                new WidenedBlocks(blocks, await RentAsync(blocks, cancellationToken).ConfigureAwait(false), weights, prefix, widensAhead)
            );
        }

        var runs = new List<PreparedRun>();
        try
        {
            for (var i = 0; i < count; i++)
            {
                var block = prefix(i);
                runs.Add(await PrepareAsync(blocks[i], slot => weights.GetUnread(slot, block), cancellationToken).ConfigureAwait(false));
            }

            return Measured(new MappedBlocks(runs, [.. blocks.Select(block => block.Weights)], weights, prefix));
        }
        catch
        {
            runs.ForEach(run => run.Dispose());
            throw;
        }

        MeasuredBlocks Measured(IBlockWeights measured) => new(measured, graphs.CounterOf(blocks[0]));
    }

    /// <summary>Each of the blocks' graphs compiled, once.</summary>
    private async Task<IReadOnlyDictionary<OnnxGraph, SessionUse>> RentAsync(
        IEnumerable<OnnxGraph> blocks,
        CancellationToken cancellationToken
    )
    {
        var sessions = new Dictionary<OnnxGraph, SessionUse>();
        try
        {
            foreach (var block in blocks.Distinct())
            {
                sessions.Add(block, await graphs.RentAsync(block, _settings, cancellationToken).ConfigureAwait(false));
            }

            return sessions;
        }
        catch
        {
            foreach (var session in sessions.Values)
            {
                session.Dispose();
            }

            throw;
        }
    }

    private bool IsTooMuchToKeep(OnnxGraph[] blocks, Func<int, string> prefix)
    {
        var bytes = blocks
            .Select((graph, block) => (Graph: graph, Block: block))
            .GroupBy(one => one.Graph) // blocks of one graph are stored alike
            .Sum(kind => kind.Count() * BytesToKeep(kind.Key, prefix(kind.First().Block)));
        return bytes > keptBytes;
    }

    private long BytesToKeep(OnnxGraph block, string prefix) =>
        block.Weights.Where(slot => !weights.IsView(slot, prefix)).Sum(slot => slot.Shape.ElementCount * slot.DType.ByteSize());

    /// <summary>Shows a value to an observer, which reads host memory.</summary>
    public static void Show(Action<string, Tensor> observe, string name, RuntimeValue value)
    {
        using var copy = value.IsOnDevice ? value.CopyToHost() : null;
        var tensor = copy ?? value.AsTensor();
        using var wide = tensor.DType is DType.F16 or DType.BF16 ? tensor.ConvertTo(DType.F32) : null;
        observe(name, wide ?? tensor);
    }

    /// <summary>Shows all outputs of a run but some.</summary>
    public static void Show(Action<string, Tensor>? observe, string prefix, RunResult result, params IReadOnlyList<string> except)
    {
        if (observe is not null)
        {
            foreach (var (name, value) in result.Values.Where(output => !except.Contains(output.Key)))
            {
                Show(observe, prefix + name, value);
            }
        }
    }
}
