using WanSharp.Engine;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Reuse;
using WanSharp.Graphs.Networks;
using WanSharp.Jobs;
using WanSharp.Jobs.Films;
using WanSharp.Jobs.Local;
using WanSharp.Media.Metadata;
using WanSharp.Storage;

namespace WanSharp.Hosting.Batches;

/// <summary>What makes the clips of jobs, open: this process's engine, or ComfyUI servers.</summary>
/// <remarks>Thread-safe. Dispose it when no job runs.</remarks>
public sealed class BatchBackend : IAsyncDisposable
{
    /// <summary>Clips in flight beyond those that share a step: encoded before, decoded and written after.</summary>
    private const int Around = 2;

    /// <summary>Clips that may share a step where the engine chooses how many do.</summary>
    private const int ChosenBatch = 8;

    private readonly OwnedParts _owned;
    private IVideoGenerator? _generator;

    private BatchBackend(IJobBackend jobs, string model, int concurrency, OwnedParts owned) =>
        (Jobs, Model, Concurrency, _owned) = (jobs, model, concurrency, owned);

    /// <summary>Runs jobs.</summary>
    public IJobBackend Jobs { get; }

    /// <summary>The model's name, for styles.</summary>
    public string Model { get; }

    /// <summary>How many jobs it is worth giving it at once.</summary>
    public int Concurrency { get; }

    /// <summary>The format that it writes, as an extension; null for whichever is asked for.</summary>
    public string? Format { get; private init; }

    /// <summary>The settings, with the model's place and digest.</summary>
    public required BackendSettings Settings { get; init; }

    /// <summary>Reads the settings that a clip carries; null where clips carry none of ours.</summary>
    public Func<string, CancellationToken, Task<string?>>? ReadSettings { get; private init; }

    /// <summary>What of the model decides how films are divided; null where another program makes the clips.</summary>
    public FilmModel? Films { get; private init; }

    /// <summary>Whether the model fills in clips where a mask says so (VACE).</summary>
    public bool FillsIn { get; private init; }

    /// <summary>What the engine did so far; null where another program makes the clips.</summary>
    public EngineStatistics? Statistics => _generator?.Statistics;

    /// <summary>Opens a backend.</summary>
    /// <param name="host">Where things are.</param>
    /// <param name="settings">What makes the clips.</param>
    /// <param name="presetsOf">
    /// The presets of the clips that are known, from the model's name; null for a clip without one. A precision that is left open is
    /// theirs. Null where no clip is known yet.
    /// </param>
    /// <param name="estimates">Whether prepared jobs of this engine say how long they take; that may calibrate the machine first.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    public static async Task<BatchBackend> OpenAsync(
        WanHost host,
        BackendSettings settings,
        Func<string, IEnumerable<string?>>? presetsOf,
        bool estimates,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(settings);
        cancellationToken.ThrowIfCancellationRequested();
        if (settings.Comfy is null)
        {
            var machine = estimates ? host.Calibrate(settings.Engine.Threads, again: false, cancellationToken) : null;
            return OpenLocal(host, settings, presetsOf, machine, cancellationToken);
        }

        var backend = await settings.Comfy.OpenAsync(host, cancellationToken).ConfigureAwait(false);
        return new BatchBackend(
            new ExtendingBackend(backend, model: null, ffmpeg: null, host.Options.Clock),
            backend.Name,
            backend.Concurrency,
            new OwnedParts()
        )
        {
            Settings = settings,
            Format = backend.Format,
        };
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Jobs.DisposeAsync().ConfigureAwait(false);
        _owned.Dispose();
    }

    /// <summary>Predicts how long plans take.</summary>
    private static Func<GenerationPlan, TimeSpan>? Estimate(WanHost host, EngineHost opened, EngineSettings engine, Calibration? machine) =>
        machine is null ? null : new ClipEstimates(EngineHost.CostsOf(host, opened.Model, engine, opened.Precision), machine).Of;

    private static BatchBackend OpenLocal(
        WanHost host,
        BackendSettings settings,
        Func<string, IEnumerable<string?>>? presetsOf,
        Calibration? machine,
        CancellationToken cancellationToken
    )
    {
        var ffmpeg = host.FindFfmpeg();
        var owned = new OwnedParts();
        try
        {
            var engine = settings.Engine with { KeepsFeatures = true };
            var path = settings.ModelPath is { } kept && Path.Exists(kept) ? kept : Path.GetFullPath(host.Models.Find(engine.Model));
            var opened = owned.Add(
                EngineHost.Open(
                    host,
                    engine with
                    {
                        Model = path,
                    },
                    sight => host.OpenPresets(sight.Model).PrecisionFor(presetsOf?.Invoke(sight.Model.Name) ?? [], sight.Model)
                )
            );
            var backend = new LocalBackend(opened.Generator, ffmpeg, Estimate(host, opened, engine, machine))
            {
                Notice = host.Options.Notice,
                Steps = settings.Reuse == ReuseMode.Similar ? new StepStore(owned.Add(host.OpenSection(CacheSections.Steps))) : null,
            };
            var films = FilmModel.Of(opened.Model);
            var concurrency = (engine.Options.BatchSize ?? ChosenBatch) + engine.Options.Lanes + Around;
            return new BatchBackend(new ExtendingBackend(backend, films, ffmpeg, host.Options.Clock), opened.Model.Name, concurrency, owned)
            {
                Settings = settings with
                {
                    Engine = settings.Engine with { Precision = opened.Precision },
                    ModelPath = path,
                    ModelDigest = opened.Model.ReadDigest(cancellationToken: cancellationToken),
                },
                ReadSettings = (clip, token) => MetadataReader.ReadAsync(ffmpeg, clip, token),
                Films = films,
                FillsIn = opened.Model.TakesControl && opened.Model.Transformer.ModelType != ModelType.Fun,
                _generator = opened.Generator,
            };
        }
        catch
        {
            owned.Dispose();
            throw;
        }
    }
}
