using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Adapters;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>Runs a Wan transformer, compiled as <see cref="TransformerOptions"/> say; they affect only time and memory.</summary>
/// <remarks>For one thread at a time.</remarks>
public abstract class TransformerRunner : IDisposable
{
    // As many as a pass over streamed blocks holds at a time: the pass itself reads on from there.
    private const int BlocksReadAhead = 2;

    private WeightStore? _quantized;
    private WeightStore? _weights;

    private protected TransformerRunner(TransformerConfig configuration, ContextEncoder context) =>
        (Configuration, Context) = (configuration, context);

    /// <summary>The network's dimensions.</summary>
    public TransformerConfig Configuration { get; }

    /// <summary>How many bytes of prompts' keys and values it keeps now (<see cref="TransformerOptions.KeyBytes"/>).</summary>
    public long KeyBytes => Context.KeptBytes;

    /// <summary>Whether requests may have LoRAs of their own, <see cref="PrepareContext"/>.</summary>
    public virtual bool TakesAdapters => false;

    /// <summary>Whether samples may have negative prompts that guide their attention, <see cref="PassOptions.Negatives"/>.</summary>
    public virtual bool TakesNegatives => false;

    /// <summary>Whether a pass may differ from the network as it is, <see cref="PassOptions"/>.</summary>
    public virtual bool TakesPassOptions => false;

    /// <summary>Whether samples may leave out blocks that would add what they added before, <see cref="PassOptions.Reuse"/>.</summary>
    internal virtual bool TakesReuse => false;

    private protected ContextEncoder Context { get; }

    /// <summary>Compiles the network and binds its weights.</summary>
    /// <param name="graphs">Compiles each graph once.</param>
    /// <param name="configuration">The network's dimensions.</param>
    /// <param name="weights">Its weights; they must outlive the runner.</param>
    /// <param name="settings">How the graphs are compiled.</param>
    /// <param name="observe">Receives intermediate values by name, as views that are valid during the call; for parity checks.
    /// Default: null.</param>
    /// <param name="options">How the network is compiled. Default: one graph per block.</param>
    /// <param name="prepared">Receives, if weights have to be converted first, how many blocks are done and how many there
    /// are.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    /// <exception cref="CheckpointException">A weight is missing or of another shape.</exception>
    /// <exception cref="NotSupportedException">8-bit integers are requested on a provider other than the CPU.</exception>
    public static async Task<TransformerRunner> CreateAsync(
        GraphCache graphs,
        TransformerConfig configuration,
        WeightStore weights,
        SessionSettings settings,
        Action<string, Tensor>? observe = null,
        TransformerOptions? options = null,
        Action<int, int>? prepared = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(graphs);
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(weights);
        options = WithLayers(options ?? new TransformerOptions(), weights);
        settings = options.Mode == CompileMode.Off ? settings with { Optimization = GraphOptimization.None } : settings;
        var quantized =
            options.Quantization == Quantization.None
                ? null
                : await QuantizeAsync(configuration, weights, settings, options, prepared, cancellationToken).ConfigureAwait(false);
        try
        {
            TransformerRunner runner =
                options.Mode == CompileMode.Whole
                    ? await WholeTransformer
                        .LoadAsync(graphs, configuration, quantized ?? weights, settings, options, observe, cancellationToken)
                        .ConfigureAwait(false)
                    : await BlockTransformer
                        .LoadAsync(graphs, configuration, quantized ?? weights, settings, options, observe, cancellationToken)
                        .ConfigureAwait(false);
            (runner._quantized, runner._weights) = (
                quantized,
                settings.IsOnHost && options.Mode != CompileMode.Whole ? quantized ?? weights : null
            );
            return runner;
        }
        catch
        {
            quantized?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Whether the whole network is on disk, compiled: <see cref="CreateAsync"/> then loads it. Reads no weights, and prepares
    /// none.
    /// </summary>
    /// <inheritdoc cref="CreateAsync"/>
    public static bool IsKept(
        GraphCache graphs,
        TransformerConfig configuration,
        WeightStore weights,
        SessionSettings settings,
        TransformerOptions options
    )
    {
        ArgumentNullException.ThrowIfNull(graphs);
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(options);
        options = WithLayers(options, weights);
        if (options.Quantization == Quantization.None)
        {
            return WholeTransformer.IsOnDisk(graphs, configuration, weights, settings, options);
        }

        if (options.WeightsFolder is not { } folder || !ArePrepared(configuration, weights, options))
        {
            return false;
        }

        using var quantized = Quantized(configuration, weights, options).TryOpen(folder);
        return quantized is not null && WholeTransformer.IsOnDisk(graphs, configuration, quantized, settings, options);
    }

    /// <summary>Computes what a request's prompt and images need once, not in every step.</summary>
    /// <param name="context">The text encoder's rows, then zeros, <c>[1, text_len, text_dim]</c>.</param>
    /// <param name="imageFeatures">The image encoder's rows, for a network that attends to them: <c>[1, clip_tokens,
    /// clip_dim]</c>.</param>
    /// <param name="adapter">The LoRAs of the request, as strong as they are in the passes that follow; null for none.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <returns>What <see cref="Forward(Tensor, ReadOnlySpan{float}, IReadOnlyList{TextKeys}, Tensor, CancellationToken)"/> takes;
    /// the caller disposes it.</returns>
    /// <remarks>Thread-safe, also while a forward pass runs on another thread.</remarks>
    /// <exception cref="ArgumentException">A shape is not the network's.</exception>
    /// <exception cref="NotSupportedException">LoRAs are given to a runner without <see cref="TakesAdapters"/>.</exception>
    public TextKeys PrepareContext(
        Tensor context,
        Tensor? imageFeatures = null,
        AdapterUse? adapter = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        return adapter is null || TakesAdapters
            ? Context.Prepare(context, imageFeatures, adapter, cancellationToken)
            : throw new NotSupportedException(
                "This network is compiled as a whole, or for fixed shapes, and takes no LoRA: merge it into the weights."
            );
    }

    /// <summary>Runs a forward pass of a batch whose rows may belong to different requests and steps.</summary>
    /// <param name="latents"><c>[batch, in_channels, frames, height, width]</c>.</param>
    /// <param name="timesteps">Timesteps 0 to 1000, <c>[batch, groups]</c>: one per sample, latent frame or token.</param>
    /// <param name="contexts">For each row what <see cref="PrepareContext"/> of this transformer made.</param>
    /// <param name="velocity">Receives the result, <c>[batch, out_channels, frames, height, width]</c>.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <exception cref="ArgumentException">A shape is not the network's, or a context is another transformer's.</exception>
    public void Forward(
        Tensor latents,
        ReadOnlySpan<float> timesteps,
        IReadOnlyList<TextKeys> contexts,
        Tensor velocity,
        CancellationToken cancellationToken = default
    ) => Forward(latents, timesteps, contexts, velocity, PassOptions.Plain, cancellationToken);

    /// <summary>One forward pass that differs from the network as it is.</summary>
    /// <param name="latents"><c>[batch, in_channels, frames, height, width]</c>.</param>
    /// <param name="timesteps">Timesteps 0 to 1000, <c>[batch, groups]</c>: one a sample, one a latent frame, or one a token.</param>
    /// <param name="contexts">For each row what <see cref="PrepareContext"/> of this transformer made.</param>
    /// <param name="velocity">Receives the result, <c>[batch, out_channels, frames, height, width]</c>.</param>
    /// <param name="options">What is different.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <exception cref="ArgumentException">A shape is not the network's, or a context is another transformer's.</exception>
    /// <exception cref="NotSupportedException">The network is compiled so that it cannot: see <see cref="TakesPassOptions"/> and
    /// <see cref="TakesNegatives"/>.</exception>
    public void Forward(
        Tensor latents,
        ReadOnlySpan<float> timesteps,
        IReadOnlyList<TextKeys> contexts,
        Tensor velocity,
        PassOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(latents);
        ArgumentNullException.ThrowIfNull(contexts);
        var batch = latents.Shape[0];
        if (timesteps.Length == 0 || timesteps.Length % batch != 0)
        {
            throw new ArgumentException(
                $"{timesteps.Length} timesteps are not a whole number for each of {batch} samples.",
                nameof(timesteps)
            );
        }

        if (contexts.Count != batch)
        {
            throw new ArgumentException($"{batch} samples need a context each, not {contexts.Count}.", nameof(contexts));
        }

        foreach (var context in contexts)
        {
            context.RequireFor(Context);
        }

        if (contexts.Any(context => (context.Adapter?.Copies ?? "") != (contexts[0].Adapter?.Copies ?? "")))
        {
            throw new ArgumentException(
                "The samples' LoRAs change biases or norms in different ways: run them one by one.",
                nameof(contexts)
            );
        }

        if (!options.IsPlain)
        {
            RequireFor(options, contexts.Count);
        }

        Run(latents, timesteps, contexts, velocity, options, cancellationToken);
    }

    /// <summary>Runs a forward pass with contexts that are not kept: for a single step.</summary>
    /// <param name="latents"><c>[batch, in_channels, frames, height, width]</c>.</param>
    /// <param name="timesteps">Timesteps 0 to 1000, <c>[batch, groups]</c>.</param>
    /// <param name="context">The text encoder's rows, then zeros, <c>[batch, text_len, text_dim]</c>.</param>
    /// <param name="velocity">Receives the result, <c>[batch, out_channels, frames, height, width]</c>.</param>
    /// <param name="imageFeatures">The image encoder's rows, for a network that attends to them: <c>[batch, clip_tokens,
    /// clip_dim]</c>.</param>
    /// <param name="cancellationToken">Stops between two operations.</param>
    /// <exception cref="ArgumentException">A shape is not the network's.</exception>
    public void Forward(
        Tensor latents,
        ReadOnlySpan<float> timesteps,
        Tensor context,
        Tensor velocity,
        Tensor? imageFeatures = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        var contexts = new List<TextKeys>();
        try
        {
            for (var row = 0L; row < context.Shape[0]; row++)
            {
                contexts.Add(PrepareContext(context.Slice(row, 1), imageFeatures?.Slice(row, 1), cancellationToken: cancellationToken));
            }

            Forward(latents, timesteps, contexts, velocity, cancellationToken);
        }
        finally
        {
            contexts.ForEach(keys => keys.Dispose());
        }
    }

    /// <summary>Compiles ahead what a forward pass of these shapes needs; does nothing if one graph serves all shapes.</summary>
    /// <param name="latents"><c>[batch, in_channels, frames, height, width]</c>.</param>
    /// <param name="groups">Timesteps of a sample.</param>
    /// <param name="cancellationToken">Cancels compilation.</param>
    /// <remarks>Thread-safe, also while a forward pass runs on another thread.</remarks>
    public virtual Task CompileForAsync(Shape latents, long groups, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Frees memory that is kept between runs: activations, and widened copies of weights. The next run allocates it again. For a
    /// network that is idle while others need the memory, such as one of two experts.
    /// </summary>
    public virtual void ReleaseMemory() { }

    /// <summary>
    /// Frees memory as <see cref="ReleaseMemory"/> does and, if two experts do not fit, also the pages of the weights.
    /// </summary>
    internal void GiveWay()
    {
        ReleaseMemory();
        if (_weights is { StaysWhenIdle: false } weights)
        {
            weights.ForgetAll();
        }
    }

    /// <summary>
    /// Reads the first blocks' weights from disk in the background, for a pass that will follow soon; does nothing if they are in
    /// memory or not mapped.
    /// </summary>
    /// <returns>Completes when they are read.</returns>
    public Task ReadAheadAsync() => _weights is { } weights ? Task.Run(() => weights.ReadAheadBlocks(BlocksReadAhead)) : Task.CompletedTask;

    /// <summary>Frees what runs need; compiled graphs that are shared stay with the graph cache.</summary>
    public void Dispose()
    {
        Free();
        _quantized?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>One forward pass, of at least one timestep and a context of this transformer a sample.</summary>
    private protected abstract void Run(
        Tensor latents,
        ReadOnlySpan<float> timesteps,
        IReadOnlyList<TextKeys> contexts,
        Tensor velocity,
        PassOptions options,
        CancellationToken cancellationToken
    );

    /// <summary>Frees what runs need.</summary>
    private protected abstract void Free();

    private void RequireFor(PassOptions options, int batch)
    {
        if (!TakesPassOptions || (options.GuidesAttention && !TakesNegatives) || (options.ReusesBlocks && !TakesReuse))
        {
            throw new NotSupportedException(
                "This network is compiled as a whole, or for fixed shapes, and runs as it is: compile it as blocks for any shape."
            );
        }

        if (options.Reuse.Count > 0 && options.Reuse.Count != batch)
        {
            throw new ArgumentException(
                $"{batch} samples need something to reuse or nothing each, not {options.Reuse.Count}.",
                nameof(options)
            );
        }

        if (options.Negatives.Count > 0 && options.Negatives.Count != batch)
        {
            throw new ArgumentException(
                $"{batch} samples need a negative prompt or none each, not {options.Negatives.Count}.",
                nameof(options)
            );
        }

        foreach (var negative in options.Negatives)
        {
            negative?.Keys.RequireFor(Context);
        }
    }

    private static bool ArePrepared(TransformerConfig configuration, WeightStore weights, TransformerOptions options) =>
        options.WeightsFolder is { } folder
        && QuantizedWeights.IsAny(weights, folder)
        && Quantized(configuration, weights, options).Find(folder) is var blocks
        && blocks.Ready == blocks.All;

    private static QuantizedWeights Quantized(TransformerConfig configuration, WeightStore weights, TransformerOptions options) =>
        QuantizedWeights.Of(
            weights,
            configuration,
            options.Quantization,
            options.Layers is { } layers ? options.Trials.Prepend(layers) : null
        );

    /// <summary>The layers in 8-bit integers are those that the checkpoint says, unless others are chosen.</summary>
    private static TransformerOptions WithLayers(TransformerOptions options, WeightStore weights) =>
        options.Quantization == Quantization.None ? options : options with { Layers = options.Layers ?? weights.EightBitLayers };

    private static Task<WeightStore> QuantizeAsync(
        TransformerConfig configuration,
        WeightStore weights,
        SessionSettings settings,
        TransformerOptions options,
        Action<int, int>? prepared,
        CancellationToken cancellationToken
    )
    {
        if (!settings.IsOnHost)
        {
            throw new NotSupportedException(
                $"8-bit integers are for the CPU; the provider '{settings.Provider}' computes in floating point."
            );
        }

        var quantized = Quantized(configuration, weights, options);
        return Task.Run(() => quantized.OpenAsync(options.WeightsFolder, prepared, cancellationToken), cancellationToken);
    }
}
