using System.Collections.Concurrent;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Enhancing;
using WanSharp.Engine.Features;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Reuse;
using WanSharp.Engine.Scheduling;
using WanSharp.Engine.Strategies;
using WanSharp.Graphs;
using WanSharp.Media.Clips;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Engine;

/// <summary>The resident engine: plan, encode, denoise, decode, write. Read <see cref="RunAsync"/> from top to bottom.</summary>
/// <remarks>
/// Thread-safe. Networks load once and stay loaded. Clips overlap: a lane computes the next stage of whichever clip is due, while
/// writers take frames.
/// </remarks>
public sealed class VideoGenerator : IVideoGenerator
{
    // Clips that have features and latents: enough to fill the largest batches that pay.
    private const int MostWaitingSteps = 32;

    // Clips whose frames wait for slow writers, beyond which no new clip begins.
    private const int MostFinishing = 64;

    private readonly WanModel _model;
    private readonly EngineOptions _options;
    private readonly ExecutionSettings _execution;
    private readonly DType _compute;
    private readonly CancellationTokenSource _stop = new();
    private readonly GraphCache _graphs;
    private readonly OrtRuntime _runtime;
    private readonly MemoryBudget _budget;
    private readonly MemoryPressure _pressure = new();
    private readonly EngineNetworks _networks;
    private readonly DecoderShelf _decoders;
    private readonly EnhancerShelf _enhancers;
    private readonly EngineTelemetry _telemetry = new();
    private readonly CostModel _costs;
    private readonly BatchSizer _batches;
    private readonly ComputeLanes _lanes;
    private readonly AdmissionGate _admission;
    private readonly StrategyGate _strategies;
    private readonly PromptEncoder _prompts;
    private readonly ConditionEncoder _images;
    private readonly ControlCheck _controls;
    private readonly ClipDecoder _decoder;
    private readonly PreviewMaker _previews;
    private readonly ClipIdentity _identity;
    private readonly AdapterPool _adapters;
    private readonly ConcurrentDictionary<ExpectedShapes, byte> _expected = new();
    private long _clips;
    private bool _isDisposed;

    /// <summary>Creates a generator; networks are compiled when the first clip needs them.</summary>
    /// <param name="model">The model; it must outlive the generator.</param>
    /// <param name="runtime">The runtime that executes; it must outlive the generator.</param>
    /// <param name="settings">How graphs are compiled: provider and its options.</param>
    /// <param name="transformer">How the transformer is compiled. Default: one graph per block, in F32.</param>
    /// <param name="options">How clips share the machine.</param>
    /// <exception cref="InvalidRequestException">8-bit integers are requested on a provider other than the CPU.</exception>
    /// <exception cref="CheckpointException">The model cannot run with its own default settings.</exception>
    public VideoGenerator(
        WanModel model,
        OrtRuntime runtime,
        SessionSettings settings,
        TransformerOptions? transformer = null,
        EngineOptions? options = null
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentNullException.ThrowIfNull(settings);
        var precision = Precision.Of(settings.Compute, transformer?.Quantization ?? Quantization.None);
        precision.RequireOn(settings);
        _compute = settings.Compute;
        ModelCheck.RequireUsableDefaults(model);
        _model = model;
        _options = options ?? new EngineOptions();
        _options.Validate();
        settings = transformer?.Mode == CompileMode.Off ? settings with { Optimization = GraphOptimization.None } : settings;
        transformer = _options.DynamicShapes ? (transformer ?? new TransformerOptions()) with { StaticShapes = false } : transformer;
        _execution = ExecutionOf(runtime, settings, precision);
        _graphs = new GraphCache(
            runtime,
            new GraphCacheOptions { KeepCompiled = _options.KeepCompiled, HistoryFolder = transformer?.CacheFolder }
        );
        _runtime = runtime;
        _budget = new MemoryBudget(AllowanceOf(_options, settings.IsOnHost), _options.Clock);
        _networks = new EngineNetworks(model, _graphs, settings, transformer, _options.Lanes, _pressure);
        _decoders = new DecoderShelf(model, _options.DecoderFolders);
        _enhancers = new EnhancerShelf([model.Folder, .. _options.DecoderFolders], model.Loras.Hub, model.FileDigests, _options.Ffmpeg);
        _costs = new CostModel(model, precision, _options.VaeTile, _decoders, _enhancers) { Presets = _options.Presets };
        _batches = new BatchSizer(
            _options.BatchSize,
            _options.Lanes,
            (key, clips) => _costs.PassBytes(key, clips, _strategies?.Current),
            _budget.ForActivations(_options.HostFacts, runtime.Memory.Limit)
        );
        _lanes = new ComputeLanes(_options, _networks, _batches, _telemetry, _budget, _pressure, _stop.Token);
        var compile =
            transformer?.Mode is { } mode and not CompileMode.Blocks ? mode
            : _options.BlocksOnly ? CompileMode.Blocks
            : (CompileMode?)null;
        _strategies = new StrategyGate(_costs, _networks, _budget, new StrategyPolicy(compile, _options, _networks), _options.Clock);
        _admission = new AdmissionGate(_options.Lanes * MostWaitingSteps, MostFinishing, _options.Clock, _budget);
        _identity = new ClipIdentity(model, runtime, settings, transformer, _options.Ffmpeg);
        var (features, keys) = (
            new FeatureCache(_options.Features, _options.FeatureBytes),
            new FeatureKeys(model.Identity, _identity.Executable)
        );
        _prompts = new PromptEncoder(model, _networks, _lanes, features, keys);
        var controls = new ControlSource(_options.Ffmpeg);
        _controls = new ControlCheck(controls);
        _images = new ConditionEncoder(model, _networks, _lanes, features, keys, new ControlReader(controls), _budget);
        _decoder = new ClipDecoder(_networks.Frames, _lanes, _options.Ffmpeg);
        _previews = new PreviewMaker(model, _decoder);
        _adapters = new AdapterPool(model);
        ShareMemory(features);
    }

    /// <summary>What it has done so far, and what it is doing now.</summary>
    public EngineStatistics Statistics =>
        _telemetry.ToStatistics(
            _batches.Findings(),
            _graphs.Statistics(),
            new MemoryUse
            {
                Allowance = _budget.Allowance,
                Reserved = _budget.Reserved,
                Held = _budget.Held,
                PeakBytes = _runtime.Memory.Peak,
                Shed = _pressure.Counts,
                Strategy = _strategies.Current,
            }
        );

    /// <summary>What computes, as clips note it.</summary>
    internal static ExecutionSettings ExecutionOf(OrtRuntime runtime, SessionSettings settings, Precision precision) =>
        new(ProviderProfiles.Normalize(settings.Provider), precision.Name, runtime.Threads > 0 ? runtime.Threads : null);

    /// <inheritdoc/>
    public GenerationPlan Plan(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var plan = GenerationPlanner.Plan(request, _model, _execution, _decoders, _options.Presets, _enhancers);
        plan = plan with
        {
            CutPrompts = CutPrompt.Find(plan.Settings, plan.Prompts, _model),
            Loras = plan.Loras.In(_options.LoraMode, _networks.TakesAdapters),
        };
        return With(plan, _strategies.Choose(plan));
    }

    /// <summary>
    /// Does what <see cref="CompileTuning.MaxAutotune"/> asks for, which otherwise happens when the clip begins: times the
    /// strategies that fit, unless that was done on this machine before. Waits until no clip is under way.
    /// </summary>
    /// <param name="plan">The clip.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The plan with the fastest strategy; the same plan if there is nothing to time.</returns>
    public async Task<GenerationPlan> TuneAsync(GenerationPlan plan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        using var place = await _strategies.EnterAsync(NewRun(plan, new GenerationRunOptions(), cancelled.Token)).ConfigureAwait(false);
        return place is null ? plan : With(plan, place.Strategy);
    }

    /// <inheritdoc/>
    public Task RequireInputsAsync(GenerationPlan plan, CancellationToken cancellationToken) =>
        _controls.RequireAsync(plan, cancellationToken);

    /// <inheritdoc/>
    public async Task<SimilarClip?> FindSimilarAsync(GenerationPlan plan, StepStore steps, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(steps);
        ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        var clip = NewRun(plan, new GenerationRunOptions(), cancelled.Token);
        var embedding = await Task.Run(() => EmbedAsync(clip), cancelled.Token).ConfigureAwait(false);
        return steps.Find(PeersOf(plan), plan, embedding);
    }

    /// <inheritdoc/>
    public async Task<GenerationStatistics> GenerateAsync(
        GenerationPlan plan,
        IFrameWriter frames,
        GenerationRunOptions? options,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(frames);
        ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
        options ??= new GenerationRunOptions();
        _previews.Require(plan, options);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        using var ending = _telemetry.BeginClip();
        var clip = NewRun(plan, options, cancelled.Token);
        // Not on the caller's thread.
        var (compile, ran) = await Task.Run(() => RunAsync(clip, frames), cancelled.Token).ConfigureAwait(false);
        var statistics = clip.Clock.ToStatistics() with { Compile = compile, RanAsPlanned = ran.Identity == plan.Identity };
        _telemetry.AddClip(statistics);
        return statistics;
    }

    /// <inheritdoc/>
    public Task ExpectAsync(GenerationPlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
        var shape = ExpectedShapes.Of(plan);
        if (!_expected.TryAdd(shape, 0))
        {
            return Task.CompletedTask;
        }

        var last = new GenerationRunOptions { Priority = int.MinValue }; // a lane comes to it when no clip wants it
        return CompileAsync(new ClipRun(plan, last, new ClipClock(_options.Clock), Order: 0, _stop.Token)).WaitAsync(cancellationToken);

        async Task CompileAsync(ClipRun clip)
        {
            try
            {
                await _lanes
                    .RunAsync(
                        clip,
                        GenerationStage.Load,
                        () =>
                        {
#pragma warning disable VSTHRD002 // a lane is a thread that computes and may wait
                            _networks.CompileAheadAsync(clip, _budget.IsLimited).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
                            return true;
                        }
                    )
                    .ConfigureAwait(false);
            }
            catch
            {
                _expected.TryRemove(shape, out _); // the next clip that is expected tries again
                throw;
            }
        }
    }

    /// <summary>
    /// Waits for compilation in the background, so that a process that is about to end leaves the result on disk for the next one.
    /// Clips are made meanwhile.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait, not the compilation.</param>
    /// <returns>Why compilation failed; null if it succeeded or if there was nothing to compile.</returns>
    public async Task<string?> FinishCompilingAsync(CancellationToken cancellationToken)
    {
        await _networks.Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        return _networks.Failure;
    }

    /// <summary>Cancels the clips under way and frees the networks; the model and the runtime stay the caller's.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        _stop.Cancel();
        _lanes.Dispose();
        _networks.Dispose();
        _adapters.Dispose();
        _decoders.Dispose();
        _enhancers.Dispose();
        _telemetry.Dispose();
        _stop.Dispose();
    }

    private static Func<MemoryAllowance>? AllowanceOf(EngineOptions options, bool isOnHost) =>
        MemoryAllowance.Reader(
            options.Memory,
            options.HostMemory,
            isOnHost,
            options.Tuning != CompileTuning.Default || (isOnHost && options.FollowsFreeMemory),
            options.HostFacts,
            options.FreeDeviceMemory
        );

    /// <summary>Has the caches counted, and gives them up in this order where memory runs short.</summary>
    private void ShareMemory(FeatureCache features)
    {
        _networks.ReportTo(_budget);
        _budget.Add("features", isCache: true, () => features.Bytes);
        _budget.Add("factors of LoRAs", isCache: false, () => _adapters.UsedBytes);
        _budget.Add("factors of LoRAs that no clip uses", isCache: true, () => _adapters.IdleBytes);
        _pressure.Add(ShedStage.Caches, features.Trim);
        _pressure.Add(ShedStage.Caches, _adapters.Trim);
        _pressure.Add(ShedStage.Caches, _networks.Trim);
        _pressure.Add(ShedStage.Residency, _networks.ShedResidency);
    }

    private GenerationPlan With(GenerationPlan plan, Strategy? strategy)
    {
        return _identity.With(_costs.ForStrategy(plan, strategy));
    }

    /// <returns>How the transformer was compiled, and the plan as it ran.</returns>
    private async Task<(CompileMode Compile, GenerationPlan Plan)> RunAsync(ClipRun clip, IFrameWriter frames)
    {
        // 1. Load: map what is not mapped, compile what is not compiled, in the way that fits.
        using var strategy = await _strategies.EnterAsync(clip).ConfigureAwait(false);
        clip = By(clip, strategy);
        _model.RequireUnchanged();
        clip.Plan.Decoder?.RequireUnchanged();
        clip.Plan.Encoder?.RequireUnchanged();
        clip.Plan.Interpolator?.RequireUnchanged();
        clip.Plan.Upscaler?.RequireUnchanged();
        foreach (var file in clip.Plan.Control?.Files ?? [])
        {
            file.RequireUnchanged();
        }

        clip.Report(GenerationStage.Load, 0, 1);
        var loading = clip.Clock.Enter(GenerationStage.Load);
        using var denoisers = await _networks.LoadDenoisersAsync(clip).ConfigureAwait(false);
        clip = clip.With(denoisers);
        denoisers.Set.RequireFor(clip.Plan);
        loading.Dispose();

        // 2. Encode: the images to what the model takes of them, the prompts to text features.
        clip.Report(GenerationStage.Encode, 0, 1);
        var encoding = clip.Clock.Enter(GenerationStage.Encode);
        using var place = await _admission.EnterAsync(clip).ConfigureAwait(false);
        using var images = await _images.EncodeAsync(clip).ConfigureAwait(false);
        using var contexts = await _prompts.EncodeAsync(clip).ConfigureAwait(false);
        encoding.Dispose();
        clip.Report(GenerationStage.Encode, 1, 1);

        using var adapters = await Task.Run(() => _adapters.Rent(clip.Plan), clip.Cancelled).ConfigureAwait(false);

        // 3. Denoise: noise to latents, step by step, together with whatever clips there are.
        using var state = ClipStart.Of(clip, contexts.Branches, images, adapters.Adapters);
        var recorder =
            clip.Options.Steps is { } steps && clip.Reused is null
                ? new StepRecorder(steps, PeersOf(clip.Plan), clip.Plan, PromptEmbedding.Of(contexts.Branches[0]))
                : null;
        using (clip.Clock.Enter(GenerationStage.Denoise))
        {
            await _lanes.DenoiseAsync(clip, state, recorder, _previews.Begin(clip, state)).ConfigureAwait(false);
        }

        ModelCheck.RequireNumbers(_model, state.Latents, _compute);
        state.ForgetContexts();
        recorder?.Keep();
        await place.BeginFinishingAsync().ConfigureAwait(false);

        // 4. and 5. Decode and write: a latent frame at a time, and writing overlaps.
        using var latents = ReferenceLatents.Without(state.Latents, clip.Plan.ReferenceFrames);
        await _decoder.RunAsync(clip, latents, frames).ConfigureAwait(false);
        return (denoisers.Mode, clip.Plan);
    }

    private ClipRun NewRun(GenerationPlan plan, GenerationRunOptions options, CancellationToken cancelled) =>
        new(plan, options, new ClipClock(_options.Clock), Interlocked.Increment(ref _clips), cancelled);

    /// <summary>The clip as it runs by a strategy; as it was planned where no memory limit is set.</summary>
    private ClipRun By(ClipRun clip, StrategyGate.Admission? place) =>
        place is null ? clip : clip with { Plan = With(clip.Plan, place.Strategy), Bytes = place.Bytes };

    private async Task<float[]> EmbedAsync(ClipRun clip)
    {
        using var place = await _strategies.EnterAsync(clip).ConfigureAwait(false);
        return await _prompts.EmbedAsync(By(clip, place)).ConfigureAwait(false);
    }

    /// <summary>
    /// What two clips must have in common for one to start from the other's steps: everything except the prompt and the memory
    /// strategy.
    /// </summary>
    private string PeersOf(GenerationPlan plan) =>
        _identity.OfLatents(plan with { Settings = plan.Settings with { Prompt = "" }, Strategy = null, VaeTiles = null });
}
