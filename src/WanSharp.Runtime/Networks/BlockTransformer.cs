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
    private readonly PassGraphs _graphs;
    private readonly SessionMemory _memory;
    private readonly Action<string, Tensor>? _observe;
    private (Shape Latents, int? SlowedFrequency, RuntimeValue Cos, RuntimeValue Sin, Tensor Grid)? _positions;
    private RuntimeValue? _x;
    private RuntimeValue? _next;
    private RuntimeValue? _control;
    private RuntimeValue? _nextControl;

    private BlockTransformer(
        TransformerConfig configuration,
        ContextEncoder context,
        PassGraphs graphs,
        SessionMemory memory,
        Action<string, Tensor>? observe
    )
        : base(configuration, context)
    {
        (_graphs, _memory, _observe) = (graphs, memory, observe);
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
            Quantization = transformer.Quantization,
            Layers = transformer.Layers,
        };
        var context = await ContextEncoder
            .LoadAsync(loader, configuration, options, transformer.KeyBytes, observe, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            var isStatic = IsStatic(transformer, settings);
            var passes = await PassGraphs
                .LoadAsync(
                    LoadGraphsAsync,
                    isStatic,
                    loader.Memory is HostMemory,
                    (batch, tokens) => QueryBlocks.For(options, configuration, batch, tokens, transformer.ScoreBytes),
                    cancellationToken
                )
                .ConfigureAwait(false);
            return new BlockTransformer(configuration, context, passes, loader.Memory, observe);

            Task<BlockGraphs> LoadGraphsAsync(
                IReadOnlyDictionary<string, long> dimensions,
                int blocks,
                PassGraphs.Kind kind,
                CancellationToken token
            )
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
                        QueryBlocks = blocks,
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

    /// <summary>A piece may be shorter than the others: those run on graphs for any shape.</summary>
    private static bool IsStatic(TransformerOptions transformer, SessionSettings settings) =>
        transformer.TokensAtOnce is null && (transformer.StaticShapes ?? ProviderProfiles.Of(settings.Provider).BuildsForShapes);

    /// <inheritdoc/>
    public override bool TakesAdapters => !_graphs.AreStatic;

    /// <inheritdoc/>
    public override bool TakesNegatives => !_graphs.AreStatic;

    /// <inheritdoc/>
    public override bool TakesPassOptions => true;

    /// <inheritdoc/>
    internal override bool TakesReuse => !_graphs.AreStatic && _memory is HostMemory;

    /// <inheritdoc/>
    public override void ReleaseMemory()
    {
        _graphs.ReleaseMemory();
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
        var graphs = _graphs.For(
            Lengths(latents.Shape, timesteps.Length / batch),
            new PassGraphs.Kind(contexts.Any(context => context.Adapter is not null), options.GuidesAttention, options.Layers),
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
    public override Task CompileForAsync(Shape latents, long groups, CancellationToken cancellationToken) =>
        _graphs.CompileForAsync(Lengths(latents, groups), cancellationToken);

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
}
