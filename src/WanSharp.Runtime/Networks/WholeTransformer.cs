using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// Runs a Wan transformer as one graph whose weights are constants: the library packs them once for its matrix kernels.
/// What is done once for a context has its own graphs, whose weights stay views of the checkpoint.
/// </summary>
internal sealed class WholeTransformer : TransformerRunner
{
    private const string Velocity = "velocity";

    private readonly Session _session;
    private readonly PreparedRun _run;
    private readonly JoinedKeys[] _keys; // of each block, because all are inputs of the one run
    private readonly Action<string, Tensor>? _observe;

    private WholeTransformer(TransformerConfig configuration, ContextEncoder context, Session session, Action<string, Tensor>? observe)
        : base(configuration, context)
    {
        _session = session;
        _run = session.Prepare();
        _keys = [.. Enumerable.Range(0, configuration.Layers).Select(_ => new JoinedKeys(context))];
        _observe = observe;
    }

    /// <inheritdoc cref="TransformerRunner.CreateAsync"/>
    public static async Task<WholeTransformer> LoadAsync(
        GraphCache graphs,
        TransformerConfig configuration,
        WeightStore weights,
        SessionSettings settings,
        TransformerOptions options,
        Action<string, Tensor>? observe,
        CancellationToken cancellationToken
    )
    {
        settings = WithoutHostPlan(settings);
        var loader = new NetworkLoader(graphs, settings, weights);
        var written = GraphOptionsFor(loader, options, observed: observe is not null);
        var context = await ContextEncoder
            .LoadAsync(loader, configuration, written, options.KeyBytes, observe, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            var graph = new TransformerGraphs(configuration, written).Step;
            var session = await OpenAsync(graphs, graph, weights, settings, options.CacheFolder, cancellationToken).ConfigureAwait(false);
            return new WholeTransformer(configuration, context, session, observe);
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>Whether the compiled network is on disk.</summary>
    public static bool IsOnDisk(
        GraphCache graphs,
        TransformerConfig configuration,
        WeightStore weights,
        SessionSettings settings,
        TransformerOptions options
    )
    {
        if (options.CacheFolder is null)
        {
            return false;
        }

        settings = WithoutHostPlan(settings);
        var written = GraphOptionsFor(new NetworkLoader(graphs, settings, weights), options, observed: false);
        var graph = new TransformerGraphs(configuration, written).Step;
        return new PackedGraphs(graphs, options.CacheFolder).Contains(graph, weights, settings with { Name = graph.Name });
    }

    private protected override void Free()
    {
        _run.Dispose();
        _session.Dispose();
        Context.Dispose();
        Array.ForEach(_keys, keys => keys.Dispose());
    }

    private protected override void Run(
        Tensor latents,
        ReadOnlySpan<float> timesteps,
        IReadOnlyList<TextKeys> contexts,
        Tensor velocity,
        PassOptions options,
        CancellationToken cancellationToken
    )
    {
        using var grouped = Tensor.CopyOf([latents.Shape[0], timesteps.Length / latents.Shape[0]], timesteps); // [batch, groups]
        _run.SetInput("latents", latents);
        _run.SetInput("timesteps", grouped);
        _run.SetOutput(Velocity, velocity);
        try
        {
            for (var block = 0; block < _keys.Length; block++)
            {
                _keys[block].Bind(_run, TransformerGraphs.BlockPrefix(block), block, contexts, cancellationToken);
            }

            using var result = _run.Run(cancellationToken);
            NetworkLoader.Show(_observe, "", result, except: Velocity);
        }
        finally
        {
            for (var block = 0; block < _keys.Length; block++)
            {
                _keys[block].Unbind(_run, TransformerGraphs.BlockPrefix(block), block);
            }
        }
    }

    private static Task<Session> OpenAsync(
        GraphCache graphs,
        OnnxGraph graph,
        WeightStore weights,
        SessionSettings settings,
        string? folder,
        CancellationToken cancellationToken
    ) =>
        folder is null
            ? graphs.OpenAsync(graph, weights, settings, cancellationToken)
            : graphs.OpenAsync(
                graph,
                settings,
                named => new PackedGraphs(graphs, folder).OpenAsync(graph, weights, named, cancellationToken),
                cancellationToken
            );

    /// <summary>The memory of a run is not planned on the host, as in <see cref="NetworkLoader"/>.</summary>
    private static SessionSettings WithoutHostPlan(SessionSettings settings) =>
        settings with
        {
            MemoryPattern = settings.MemoryPattern && !settings.IsOnHost,
        };

    private static GraphOptions GraphOptionsFor(NetworkLoader loader, TransformerOptions options, bool observed) =>
        loader.Options(observed) with
        {
            Quantization = options.Quantization,
            Layers = options.Layers,
        };
}
