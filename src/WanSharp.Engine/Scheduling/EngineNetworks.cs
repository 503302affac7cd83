using WanSharp.Engine.Features;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Models.Decoders;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Providers;
using WanSharp.Runtime.Weights;

namespace WanSharp.Engine.Scheduling;

/// <summary>A model's networks, compiled when a clip first needs them and kept. Lanes share the weights and the compiled graphs.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="model">The model.</param>
/// <param name="graphs">Compiles; disposed with the networks.</param>
/// <param name="settings">How graphs are compiled.</param>
/// <param name="transformer">How the transformer is compiled, until a strategy says otherwise.</param>
/// <param name="lanes">How many denoisers there are.</param>
/// <param name="pressure">Gives memory back for a step of the VAE that was short of it.</param>
internal sealed class EngineNetworks(
    WanModel model,
    GraphCache graphs,
    SessionSettings settings,
    TransformerOptions? transformer,
    int lanes,
    MemoryPressure pressure
) : IDisposable
{
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly SemaphoreSlim _encodingText = new(1, 1);
    private readonly SemaphoreSlim _encodingImages = new(1, 1);
    private readonly StagedDenoisers _denoisers = new(model, ExpertWeights.Of(model), graphs, settings, lanes);
    private readonly MergedDenoisers _merged = new(model, graphs, settings, lanes);
    private volatile TransformerOptions _wanted = transformer ?? new TransformerOptions();
    private readonly Lazy<bool> _isPacked = new(() =>
        PackedNetwork.IsKept(model, graphs, settings, transformer ?? new TransformerOptions())
    );
    private bool _limits;
    private TextEncoderRunner? _textEncoder;
    private VisionEncoderRunner? _visionEncoder;
    private bool _disposed;

    /// <summary>Whether weights are widened in the process's own memory, which takes no time; a device's copies are not.</summary>
    public bool AreOnHost { get; } = settings.IsOnHost;

    /// <summary>Whether the whole network was on disk, packed, when this was first asked: it is looked up once.</summary>
    /// <remarks>Looks it up on the caller's thread: a few files.</remarks>
    public bool IsPacked => _isPacked.Value;

    /// <summary>Whether forward passes take LoRAs as inputs; graphs that a provider builds for fixed shapes do not.</summary>
    public bool TakesAdapters { get; } =
        !(transformer?.StaticShapes ?? ProviderProfiles.Of(settings.Provider).BuildsForShapes) && transformer?.Mode != CompileMode.Whole
        || settings.IsOnHost;

    private RuntimeMemory Memory => graphs.Runtime.Memory;

    /// <summary>Work on frames, on any number of lanes.</summary>
    public FrameNetworks Frames { get; } = new(model, graphs, settings, pressure);

    /// <summary>Ends when what is compiled in the background is there, or has failed.</summary>
    public Task Ready => Task.WhenAll(_denoisers.Ready, _merged.Ready);

    /// <summary>Why what was compiled in the background is not there, or null.</summary>
    public string? Failure => _denoisers.Failure ?? _merged.Failure;

    /// <inheritdoc cref="IsPacked"/>
    public Task<bool> IsPackedAsync(CancellationToken cancellationToken) =>
        _isPacked.IsValueCreated
            ? Task.FromResult(_isPacked.Value)
            : Task.Run(() => _isPacked.Value, cancellationToken).WaitAsync(cancellationToken);

    /// <summary>The denoisers that a clip begins with, and keeps until the result is disposed.</summary>
    public Task<DenoiserSet.Lease> LoadDenoisersAsync(ClipRun clip) =>
        LoadAsync(
            async () =>
            {
                using var work = clip.Clock.Work(GenerationStage.Load);
                var wanted = _wanted;
                var denoisers = clip.Plan.Loras.IsMerged
                    ? await _merged
                        .OpenAsync(
                            clip.Plan,
                            wanted.WeightsFolder,
                            (done, all) => clip.Report(GenerationStage.Load, done, all),
                            clip.Cancelled
                        )
                        .ConfigureAwait(false)
                    : _denoisers;
                return await denoisers
                    .BeginAsync(
                        wanted,
                        ClipIdentity.ModeOf(clip.Options.Resume, clip.Plan, wanted.Mode),
                        clip.Plan.RunsInBlocks,
                        (done, all) => clip.Report(GenerationStage.Load, done, all),
                        clip.Cancelled
                    )
                    .ConfigureAwait(false);
            },
            clip.Cancelled
        );

    /// <summary>Compiles what a clip will need, so that it finds it compiled.</summary>
    /// <param name="clip">The clip, which need not come.</param>
    /// <param name="isLimited">Whether the strategy is only chosen when the clip begins.</param>
    public async Task CompileAheadAsync(ClipRun clip, bool isLimited)
    {
        if (!isLimited)
        {
            using var denoisers = await LoadDenoisersAsync(clip).ConfigureAwait(false);
            foreach (var branches in clip.Plan.StepBranches.Where(branches => branches > 0).Distinct())
            {
                await denoisers
                    .Set[lane: 0]
                    .CompileForAsync(clip.Plan.PassLatents, branches, clip.Plan.HasCleanFrames, clip.Cancelled)
                    .ConfigureAwait(false);
            }

            if (clip.Plan.EncodesFrames)
            {
                using var encoder = Frames.Vaes.Begin(clip.Plan.Encoder);
                await encoder.Runner.CompileEncoderAsync(clip.Cancelled).ConfigureAwait(false);
            }
        }

        await Frames.CompileAsync(clip).ConfigureAwait(false);
    }

    /// <summary>Has the networks run by another strategy from the next clip on. No clip may be under way.</summary>
    /// <param name="strategy">How the transformer runs.</param>
    /// <param name="allowance">The memory that may be used: runs of the library that ask for more of the host's are stopped.</param>
    public void Use(Strategy strategy, MemoryAllowance allowance)
    {
        _wanted = With(_wanted, strategy);
        foreach (var weights in Transformers())
        {
            weights.ResidentBlocks = strategy.ResidentBlocks;
            // a strategy counts one of two experts
            weights.StaysWhenIdle = strategy.Bytes + BytesOf(weights, strategy.ResidentBlocks) <= allowance.Bytes;
        }

        model.TextEncoderWeights.ResidentBlocks = strategy.StreamsTextEncoder ? 0 : WeightStore.AllBlocks;
        if (AreOnHost)
        {
            _limits = true;
            Memory.Limit = Math.Max(1, allowance.Bytes - strategy.PrivateBytes);
        }
    }

    /// <summary>
    /// Lets runs take as much as a clip's stages need that run no transformer: the memory of widened blocks is free meanwhile.
    /// </summary>
    /// <param name="bytes">What they hold at most, without the program.</param>
    public void Allow(long bytes)
    {
        if (AreOnHost)
        {
            Memory.Limit = Math.Max(Memory.Limit, bytes);
        }
    }

    /// <summary>
    /// The seconds of a forward pass under a strategy, at a clip's size or, if that is large, fewer frames of it. No clip may
    /// be under way.
    /// </summary>
    public Task<double> TimeAsync(Strategy strategy, GenerationPlan plan, CancellationToken cancellationToken) =>
        LoadAsync(
            async () =>
            {
                foreach (var weights in Transformers())
                {
                    weights.ResidentBlocks = strategy.ResidentBlocks;
                }

                using var runner = await TransformerRunner
                    .CreateAsync(
                        graphs,
                        model.Transformer,
                        model.TransformerWeights,
                        settings,
                        options: With(_wanted, strategy),
                        cancellationToken: cancellationToken
                    )
                    .ConfigureAwait(false);
                return await Task.Run(() => new PassTimer(model, plan).Time(runner, cancellationToken), cancellationToken)
                    .ConfigureAwait(false);
            },
            cancellationToken
        );

    /// <summary>The graph that is run most and what runs it, for what is remembered about them.</summary>
    public string Describe()
    {
        var written = graphs.Runtime.GraphOptionsFor(settings) with { Quantization = _wanted.Quantization };
        var block = new TransformerGraphs(model.Transformer, written).Block;
        return $"{block.Digest} × {model.Transformer.Layers}\nonnxruntime {graphs.Runtime.Version}, "
            + $"{graphs.Runtime.Threads} threads\n{settings.ProviderKey}";
    }

    /// <summary>Frees the text encoder, and lets the system have its pages; it is loaded again when it is needed.</summary>
    public Task UnloadTextEncoderAsync(CancellationToken cancellationToken) =>
        _encodingText.InTurnAsync(
            () =>
                LoadAsync(
                    () =>
                    {
                        _textEncoder?.Dispose();
                        _textEncoder = null;
                        model.TextEncoderWeights.ForgetAll();
                        return Task.FromResult(true);
                    },
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>Frees the encoders of images, and lets the system have their pages; they are loaded again when they are needed.</summary>
    public Task UnloadImageEncodersAsync(CancellationToken cancellationToken) =>
        _encodingImages.InTurnAsync(
            () =>
                LoadAsync(
                    async () =>
                    {
                        _visionEncoder?.Dispose();
                        _visionEncoder = null;
                        model.VisionEncoderWeights?.ForgetAll();
                        await Frames.Vaes.ReleaseEncodersAsync(cancellationToken).ConfigureAwait(false);
                        return true;
                    },
                    cancellationToken
                ),
            cancellationToken
        );

    /// <summary>Gives back the memory that runs keep for the next ones, and unused compiled graphs.</summary>
    /// <returns>How many bytes they were, so far as they are known.</returns>
    public long Trim()
    {
        var (before, merged) = (Memory.InUse, _merged.IdleBytes);
        Frames.Trim();
#pragma warning disable RS0030 // asks, and does not wait: whoever loads now may be about to use them
        if (_loading.Wait(0))
#pragma warning restore RS0030
        {
            _merged.Trim();
            _loading.Release();
        }

        graphs.Release(keep: 0);
        return Math.Max(0, before - Memory.InUse) + merged - _merged.IdleBytes + Memory.Trim();
    }

    /// <summary>Has half of the blocks that stay in memory streamed from now on, and lets the pages of all weights go.</summary>
    /// <returns>How many bytes fewer stay.</returns>
    public long ShedResidency()
    {
        var freed = 0L;
        foreach (var weights in Transformers())
        {
            var resident = Math.Min(weights.ResidentBlocks, model.Transformer.Layers);
            weights.ResidentBlocks = resident / 2;
            weights.ForgetAll();
            freed += BytesOf(weights, resident - (resident / 2));
        }

        model.TextEncoderWeights.ForgetAll();
        model.VisionEncoderWeights?.ForgetAll();
        return freed;
    }

    /// <summary>Makes known what the networks hold.</summary>
    public void ReportTo(MemoryBudget budget)
    {
        budget.Add("activations and packed weights", isCache: false, () => Memory.InUse);
        budget.Add("kept for the next run", isCache: false, () => Memory.Kept);
        budget.Add("merged weights that no clip uses", isCache: true, () => _merged.IdleBytes);
        budget.Add("converted weights", isCache: false, () => Stores().Sum(store => store.ConvertedBytes));
        budget.Add("keys and values of prompts", isCache: false, () => _denoisers.KeyBytes + _merged.KeyBytes);
    }

    /// <summary>Uses the text encoder, which is for one prompt at a time.</summary>
    public async Task<T> UseTextEncoderAsync<T>(Func<TextEncoderRunner, Task<T>> use, CancellationToken cancellationToken)
    {
        return await _encodingText
            .InTurnAsync(
                async () =>
                    await use(
                            await LoadAsync(
                                    async () =>
                                        _textEncoder ??= await TextEncoderRunner
                                            .CreateAsync(
                                                graphs,
                                                model.TextEncoder,
                                                model.TextEncoderWeights,
                                                settings,
                                                cancellationToken: cancellationToken
                                            )
                                            .ConfigureAwait(false),
                                    cancellationToken
                                )
                                .ConfigureAwait(false)
                        )
                        .ConfigureAwait(false),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Uses the image encoder, which is for one clip at a time.</summary>
    /// <param name="standin">What encodes frames; null for the model's own VAE.</param>
    /// <param name="use">What is done with it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<T> UseImageEncoderAsync<T>(DecoderFile? standin, Func<ImageEncoder, Task<T>> use, CancellationToken cancellationToken)
    {
        return await _encodingImages
            .InTurnAsync(
                async () =>
                {
                    var visionEncoder = await LoadAsync(
                            async () =>
                                model is { VisionEncoder: { } vision, VisionEncoderWeights: { } weights }
                                    ? _visionEncoder ??= await VisionEncoderRunner
                                        .CreateAsync(graphs, vision, weights, settings, cancellationToken: cancellationToken)
                                        .ConfigureAwait(false)
                                    : null,
                            cancellationToken
                        )
                        .ConfigureAwait(false);
                    using var encoder = Frames.Vaes.Begin(standin);
                    return await use(new ImageEncoder(encoder.Runner, visionEncoder)).ConfigureAwait(false);
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Frees everything, once what is being loaded is there. No lane may run any more.</summary>
    public void Dispose()
    {
#pragma warning disable RS0030 // Dispose cannot await, and what is being loaded must be there to be freed
        _loading.Wait();
#pragma warning restore RS0030
        _disposed = true;
        _loading.Release();
        _denoisers.Dispose();
        _merged.Dispose();
        _textEncoder?.Dispose();
        _visionEncoder?.Dispose();
        Frames.Dispose();
        graphs.Dispose();
        if (_limits)
        {
            Memory.Limit = long.MaxValue;
        }
    }

    /// <summary>What this many blocks of a transformer take as they are stored.</summary>
    private long BytesOf(WeightStore weights, int blocks) => blocks * (weights.BytesByType().Values.Sum() / model.Transformer.Layers);

    private TransformerOptions With(TransformerOptions options, Strategy strategy) =>
        options with
        {
            Mode = strategy.Compile,
            TokensAtOnce = strategy.TokensAtOnce,
            WidensAhead = strategy.WidensAhead,
            StaticShapes = strategy.StaticShapes ? true : transformer?.StaticShapes,
        };

    private IEnumerable<WeightStore> Transformers() =>
        model.HighNoiseWeights is { } highNoise ? [model.TransformerWeights, highNoise] : [model.TransformerWeights];

    private IEnumerable<WeightStore> Stores() =>
        Transformers()
            .Concat([model.TextEncoderWeights, model.VaeWeights])
            .Concat(model.VisionEncoderWeights is { } vision ? [vision] : []);

    /// <summary>One caller loads, and the others find what it loaded; when it is cancelled, the next one loads.</summary>
    private Task<T> LoadAsync<T>(Func<Task<T>> load, CancellationToken cancellationToken) =>
        _loading.InTurnAsync(
            () =>
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return load();
            },
            cancellationToken
        );
}
