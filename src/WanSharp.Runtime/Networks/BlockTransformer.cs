using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Adapters;
using WanSharp.Runtime.Providers;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// Runs a Wan transformer block by block: three small graphs compile once, and the block's graph runs with each block's
/// weights in turn: as views of the checkpoint, widened block by block, or copied to the device, where activations then
/// stay too.
/// </summary>
/// <remarks>Buffers grow to the largest batch seen and are kept.</remarks>
internal sealed class BlockTransformer : TransformerRunner
{
    private readonly Func<IReadOnlyDictionary<string, long>, GraphsKind, CancellationToken, Task<BlockGraphs>> _load;
    private readonly bool _isStatic;
    private readonly SessionMemory _memory;
    private readonly Action<string, Tensor>? _observe;
    private BlockGraphs _graphs;
    private readonly Dictionary<GraphsKind, BlockGraphs> _others = []; // the same with LoRAs, or with negative prompts, once wanted
    private (Shape Latents, int? SlowedFrequency, RuntimeValue Cos, RuntimeValue Sin, Tensor Grid)? _positions;
    private RuntimeValue? _x;
    private RuntimeValue? _next;
    private RuntimeValue? _control;
    private RuntimeValue? _nextControl;

    private BlockTransformer(
        TransformerConfig configuration,
        ContextEncoder context,
        BlockGraphs graphs,
        Func<IReadOnlyDictionary<string, long>, GraphsKind, CancellationToken, Task<BlockGraphs>> load,
        bool isStatic,
        SessionMemory memory,
        Action<string, Tensor>? observe
    )
        : base(configuration, context)
    {
        (_graphs, _load, _isStatic, _memory, _observe) = (graphs, load, isStatic, memory, observe);
    }

    /// <inheritdoc cref="TransformerRunner.CreateAsync"/>
    public static async Task<BlockTransformer> LoadAsync(
        GraphCache graphs,
        TransformerConfig configuration,
        WeightStore weights,
        SessionSettings settings,
        TransformerOptions transformer,
        Action<string, Tensor>? observe,
        CancellationToken cancellationToken
    )
    {
        var loader = Loader(settings);
        var options = loader.Options(observed: observe is not null) with
        {
            Compute = transformer.Compute,
            Quantization = transformer.Quantization,
            Layers = transformer.Layers,
        };
        var context = await ContextEncoder
            .LoadAsync(loader, configuration, options, transformer.KeyBytes, observe, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            // A piece may be shorter than the others: those run on graphs for any shape.
            var isStatic =
                transformer.TokensAtOnce is null && (transformer.StaticShapes ?? ProviderProfiles.Of(settings.Provider).BuildsForShapes);
            var any = await LoadGraphsAsync(new Dictionary<string, long>(), default, cancellationToken).ConfigureAwait(false);
            return new BlockTransformer(configuration, context, any, LoadGraphsAsync, isStatic, loader.Memory, observe);

            Task<BlockGraphs> LoadGraphsAsync(IReadOnlyDictionary<string, long> dimensions, GraphsKind kind, CancellationToken token)
            {
                var keys = new JoinedKeys(context, isStatic ? configuration.TextLength : null);
                var negatives = kind.Negatives ? new JoinedKeys(context, names: [.. WanTransformer.NegativeNames.Take(2)]) : null;
                return BlockGraphs.LoadAsync(
                    Loader(settings with { Dimensions = dimensions }),
                    configuration,
                    options with
                    {
                        Adapters = kind.Adapters,
                        GuidesAttention = kind.Negatives,
                        Layers = kind.Layers ?? options.Layers,
                    },
                    transformer,
                    keys,
                    negatives,
                    observe,
                    token
                );
            }
        }
        catch
        {
            context.Dispose();
            throw;
        }

        NetworkLoader Loader(SessionSettings settings) => new(graphs, settings, weights, widensAhead: transformer.WidensAhead);
    }

    /// <inheritdoc/>
    public override bool TakesAdapters => !_isStatic;

    /// <inheritdoc/>
    public override bool TakesNegatives => !_isStatic;

    /// <inheritdoc/>
    public override bool TakesPassOptions => true;

    /// <inheritdoc/>
    internal override bool TakesReuse => !_isStatic && _memory is HostMemory;

    /// <inheritdoc/>
    public override void ReleaseMemory()
    {
        _graphs.ReleaseMemory();
        foreach (var graphs in _others.Values)
        {
            graphs.ReleaseMemory();
        }

        _x?.Dispose();
        _next?.Dispose();
        _control?.Dispose();
        _nextControl?.Dispose();
        (_x, _next, _control, _nextControl) = (null, null, null, null);
        ForgetPositions();
    }

    private protected override void Free()
    {
        ReleaseMemory();
        _graphs.Dispose();
        foreach (var graphs in _others.Values)
        {
            graphs.Dispose();
        }

        Context.Dispose();
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
        var (_, _, cos, sin, grid) = PositionsOf(latents.Shape, options.SlowedFrequency, cancellationToken);
        var (batch, tokens) = (latents.Shape[0], cos.Shape[0]);
        Shape activations = [batch, tokens, Configuration.Dim];
        if (_isStatic)
        {
            UseGraphsFor(Lengths(latents.Shape, timesteps.Length / batch), cancellationToken);
        }

        var graphs = GraphsFor(
            new GraphsKind(contexts.Any(context => context.Adapter is not null), options.GuidesAttention, options.Layers),
            cancellationToken
        );
        var x = _memory.Buffer(ref _x, activations, cancellationToken);
        var next = _memory.Buffer(ref _next, activations, cancellationToken);
        var control = Configuration.ControlBlocks == 0 ? null : _memory.Buffer(ref _control, activations, cancellationToken);

        AdapterUse?[] adapters = [.. contexts.Select(context => context.Adapter)];
        using var embedded = Embed(graphs, latents, timesteps, adapters, x, control, cancellationToken);
        using var negatives = options.GuidesAttention ? new NegativeRows(contexts, options.Negatives) : null;
        int[] all = [.. Enumerable.Range(0, graphs.Blocks.Count).Except(options.SkippedBlocks)]; // what a block is given else passes by
        var values = new BlockValues(x, next, embedded["e0"], cos, sin, contexts)
        {
            Negatives = negatives,
            Control = control is null
                ? null
                : new BlockControl(
                    control,
                    _memory.Buffer(ref _nextControl, activations, cancellationToken),
                    embedded[WanTransformer.ControlStrength]
                ),
        };
        var sequence = new BlockSequence(graphs.Blocks, _memory, _observe);
        if (options.ReusesBlocks)
        {
            var after = sequence.Run(all[..1], values, cancellationToken);
            x = sequence.RunReused(all[1..], after, options, cancellationToken);
        }
        else
        {
            x = sequence.Run(all, values, cancellationToken).X;
        }

        var head = graphs.Head;
        head.SetInput("x", x);
        head.SetInput("e", embedded["e"]);
        head.SetInput("grid", grid);
        head.SetOutput("velocity", velocity);
        try
        {
            graphs.HeadAdapters?.Bind(head, "", adapters, cancellationToken);
            using var output = head.Run(cancellationToken);
        }
        finally
        {
            graphs.HeadAdapters?.Unbind(head);
        }
    }

    /// <inheritdoc/>
    public override async Task CompileForAsync(Shape latents, long groups, CancellationToken cancellationToken)
    {
        if (_isStatic)
        {
            // What is compiled stays with the graph cache.
            using var graphs = await _load(Lengths(latents, groups), default, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The lengths that graphs are compiled for.</summary>
    private Dictionary<string, long> Lengths(Shape latents, long groups) =>
        new()
        {
            ["batch"] = latents[0],
            ["frames"] = latents[2],
            ["height"] = latents[3],
            ["width"] = latents[4],
            ["groups"] = groups,
            ["tokens"] = latents[2] * latents[3] * latents[4] / Configuration.PatchSize.Volume,
            ["text_rows"] = Configuration.TextLength,
        };

    /// <summary>
    /// Has the graphs compiled for the lengths of a batch, unless they are; weights are bound anew, compiled graphs stay with the
    /// graph cache.
    /// </summary>
    private void UseGraphsFor(Dictionary<string, long> lengths, CancellationToken cancellationToken)
    {
        if (!lengths.All(length => _graphs.Dimensions.TryGetValue(length.Key, out var known) && known == length.Value))
        {
#pragma warning disable VSTHRD002 // a pass computes on its caller's thread; CompileForAsync is the way that waits
            var next = _load(lengths, default, cancellationToken).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
            _graphs.Dispose();
            _graphs = next;
        }
    }

    /// <summary>
    /// The graphs of a pass: the plain ones unless a row has LoRAs or a negative prompt, because then these cost nothing. Only one kind
    /// keeps memory.
    /// </summary>
    private BlockGraphs GraphsFor(GraphsKind kind, CancellationToken cancellationToken)
    {
        // What is on a device stays there: rows without LoRAs then multiply by nothing, instead of weights being placed again.
        if (_memory is not HostMemory && _others.Keys.Any(other => other.Adapters))
        {
            kind = kind with { Adapters = true };
        }

        foreach (var (_, other) in _others.Append(new(default, _graphs)).Where(other => other.Key != kind))
        {
            other.ReleaseMemory();
        }

        if (kind == default)
        {
            return _graphs;
        }

        if (!_others.TryGetValue(kind, out var graphs))
        {
            foreach (var (tried, trial) in _others.Where(other => other.Key.Layers is not null).ToList())
            {
                _others.Remove(tried); // a choice of layers is tried once
                trial.Dispose();
            }

#pragma warning disable VSTHRD002 // a pass computes on its caller's thread; a block compiles in milliseconds
            graphs = _load(new Dictionary<string, long>(), kind, cancellationToken).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
            _others.Add(kind, graphs);
        }

        return graphs;
    }

    private RunResult Embed(
        BlockGraphs graphs,
        Tensor latents,
        ReadOnlySpan<float> timesteps,
        IReadOnlyList<AdapterUse?> adapters,
        RuntimeValue x,
        RuntimeValue? control,
        CancellationToken cancellationToken
    )
    {
        var batch = latents.Shape[0];
        var wide = new double[timesteps.Length];
        for (var i = 0; i < wide.Length; i++)
        {
            wide[i] = timesteps[i];
        }

        using var sinusoids = WanTransformer.TimestepEmbedding(Configuration, wide);
        var embed = graphs.Embed;
        embed.SetInput("latents", latents);
        embed.SetInput("timestep_embedding", sinusoids.Reshape([batch, timesteps.Length / batch, Configuration.FreqDim]));
        embed.SetOutput("x", x);
        if (control is not null)
        {
            embed.SetOutput(WanTransformer.Control, control);
        }

        RunResult result;
        try
        {
            graphs.EmbedAdapters?.Bind(embed, "", adapters, cancellationToken);
            result = embed.Run(cancellationToken);
        }
        finally
        {
            graphs.EmbedAdapters?.Unbind(embed);
        }

        if (_observe is not null)
        {
            NetworkLoader.Show(_observe, "patch_embed", x);
            NetworkLoader.Show(_observe, "", result, except: ["x", WanTransformer.Control]);
        }

        return result;
    }

    /// <summary>The rope tables and the grid, made anew when the latents' size changes, or the frequency that is slowed down.</summary>
    private (Shape Latents, int? SlowedFrequency, RuntimeValue Cos, RuntimeValue Sin, Tensor Grid) PositionsOf(
        Shape latents,
        int? slowed,
        CancellationToken cancellationToken
    )
    {
        var size = Shape.Create(latents.Dims[2..]);
        if (_positions is { } known && known.Latents == size && known.SlowedFrequency == slowed)
        {
            return known;
        }

        ForgetPositions();
        var (cos, sin) = WanTransformer.RopeTables(Configuration, (int)size[0], (int)size[1], (int)size[2], slowed);
        using var cosines = cos; // the values hold what they need of them
        using var sines = sin;
        var patch = Configuration.PatchSize;
        var grid = Tensor.CopyOf<long>([3], [size[0] / patch.Frames, size[1] / patch.Height, size[2] / patch.Width]);
        _positions = (size, slowed, _memory.Place(cos, cancellationToken), _memory.Place(sin, cancellationToken), grid);
        return _positions.Value;
    }

    private void ForgetPositions()
    {
        if (_positions is { } positions)
        {
            positions.Cos.Dispose();
            positions.Sin.Dispose();
            positions.Grid.Dispose();
            _positions = null;
        }
    }

    /// <summary>What graphs take in addition to the plain ones.</summary>
    /// <param name="Adapters">LoRAs.</param>
    /// <param name="Negatives">Negative prompts that guide attention.</param>
    /// <param name="Layers">Another choice of layers in 8-bit integers.</param>
    private readonly record struct GraphsKind(bool Adapters, bool Negatives, LayerFormats? Layers);
}
