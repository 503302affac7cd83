using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Packing;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Runs a Wan transformer as one graph whose weights are constants: the library packs them once for its matrix kernels.</summary>
internal sealed class WholeTransformer : TransformerRunner
{
    private const string Velocity = "velocity";

    private readonly Session _session;
    private readonly PreparedRun _run;
    private readonly Action<string, Tensor>? _observe;

    private WholeTransformer(TransformerConfig configuration, Session session, Action<string, Tensor>? observe)
        : base(configuration)
    {
        _session = session;
        _run = session.Prepare();
        _observe = observe;
    }

    /// <inheritdoc cref="TransformerRunner.CreateAsync"/>
    public static WholeTransformer Load(
        GraphCache graphs, TransformerConfig configuration, WeightStore weights, SessionSettings settings, string? cacheFolder,
        Action<string, Tensor>? observe, CancellationToken cancellationToken)
    {
        var options = graphs.Runtime.GraphOptionsFor(settings) with { Weights = WeightStorage.Initializers, Probes = observe is not null };
        var graph = WanTransformer.Whole(configuration, options);
        settings = settings with { Name = graph.Name };
        var session = cacheFolder is null
            ? graphs.Runtime.CreateSession(graph.ToBytes(), settings, weights.For(graph), cancellationToken)
            : new PackedGraphs(graphs, cacheFolder).Open(graph, weights, settings, cancellationToken);
        return new WholeTransformer(configuration, session, observe);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _run.Dispose();
        _session.Dispose();
    }

    private protected override void Run(
        Tensor latents, ReadOnlySpan<float> timesteps, Tensor context, Tensor velocity, Tensor? clipFeatures, CancellationToken cancellationToken)
    {
        using var grouped = Tensor.CopyOf([latents.Shape[0], timesteps.Length / latents.Shape[0]], timesteps); // [batch, groups]
        _run.SetInput("latents", latents);
        _run.SetInput("timesteps", grouped);
        _run.SetInput("context", context);
        if (clipFeatures is not null)
        {
            _run.SetInput("clip_features", clipFeatures);
        }

        _run.SetOutput(Velocity, velocity);
        using var result = _run.Run(cancellationToken);
        NetworkLoader.Show(_observe, "", result, except: Velocity);
    }
}
