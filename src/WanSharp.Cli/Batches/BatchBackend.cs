using System.Collections.Concurrent;
using WanSharp.Cli.Terminal;
using WanSharp.Engine;
using WanSharp.Engine.Features;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Reuse;
using WanSharp.Graphs;
using WanSharp.Jobs;
using WanSharp.Jobs.Local;
using WanSharp.Models;
using WanSharp.Runtime.Networks;
using WanSharp.Storage;

namespace WanSharp.Cli.Batches;

/// <summary>An open backend, and what it keeps open.</summary>
internal sealed class BatchBackend : IAsyncDisposable
{
    /// <summary>Clips in flight beyond those that share a step: encoded before, decoded and written after.</summary>
    private const int Around = 2;

    /// <summary>Clips that may share a step where the engine chooses how many do.</summary>
    private const int ChosenBatch = 8;

    private readonly IReadOnlyList<IDisposable> _owned;
    private VideoGenerator? _generator;

    private BatchBackend(IJobBackend jobs, string model, int concurrency, params IReadOnlyList<IDisposable> owned) =>
        (Jobs, Model, Concurrency, _owned) = (jobs, model, concurrency, owned);

    public IJobBackend Jobs { get; }

    /// <summary>The model's name, for styles.</summary>
    public string Model { get; }

    /// <summary>How many jobs it is worth giving it at once.</summary>
    public int Concurrency { get; }

    /// <summary>The format that it writes, as an extension; null for whichever is asked for.</summary>
    public string? Format { get; private init; }

    /// <summary>What the engine did so far; null where another program makes the clips.</summary>
    public EngineStatistics? Statistics => _generator?.Statistics;

    /// <param name="environment">The surroundings.</param>
    /// <param name="settings">What makes the clips.</param>
    /// <param name="options">How clips share the machine.</param>
    /// <param name="estimates">Whether prepared jobs of this engine say how long they take; that may calibrate the machine first.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="fit">Fits the options to the model, once it is open.</param>
    public static async Task<BatchBackend> OpenAsync(
        CliEnvironment environment, BackendSettings settings, EngineOptions options, bool estimates, CancellationToken cancellationToken,
        Func<EngineOptions, WanModel, EngineOptions>? fit = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (settings.Comfy is null)
        {
            var machine = estimates ? EngineSetup.Calibrate(environment, settings.Threads, again: false, cancellationToken) : null;
            return OpenLocal(environment, settings, options, machine, fit);
        }

        var backend = await settings.Comfy.OpenAsync(environment, cancellationToken);
        return new BatchBackend(backend, backend.Name, backend.Concurrency) { Format = backend.Format };
    }

    public async ValueTask DisposeAsync()
    {
        await Jobs.DisposeAsync();
        foreach (var one in _owned)
        {
            one.Dispose();
        }
    }

    /// <summary>The library's choice for one lane; as many as leave no core idle for several.</summary>
    private static int? ThreadsFor(EngineOptions options) => options.Workers == 1 ? null : EngineOptions.ThreadsFor(options.Workers, Environment.ProcessorCount);

    /// <summary>Predicts how long plans take; equal shapes and steps take the same time.</summary>
    private static Func<GenerationPlan, TimeSpan>? Estimate(WanModel model, Quantization precision, Calibration? machine)
    {
        if (machine is null)
        {
            return null;
        }

        var costs = new CostModel(model, precision);
        var known = new ConcurrentDictionary<(string, int, int), TimeSpan>();
        return plan => known.GetOrAdd((plan.Latents.ToString(), plan.Settings.Steps, plan.Branches), _ => TimeSpan.FromSeconds(costs.Predict(plan, machine).Seconds));
    }

    private static BatchBackend OpenLocal(CliEnvironment environment, BackendSettings settings, EngineOptions options, Calibration? machine, Func<EngineOptions, WanModel, EngineOptions>? fit)
    {
        var ffmpeg = EngineSetup.FindFfmpeg(environment);
        var owned = new Stack<IDisposable>();
        try
        {
            var model = Own(EngineSetup.OpenModel(environment, (settings.Model, settings.Parts)));
            options = fit?.Invoke(options, model) ?? options;
            var runtime = Own(EngineSetup.OpenRuntime(environment, settings.Threads ?? ThreadsFor(options)));
            var features = Own(EngineSetup.OpenSection(environment, CacheSections.Features));
            var session = EngineSetup.SettingsFor(environment, runtime, settings.Provider, settings.ProviderOptions, settings.Compile, options.Memory);
            var shared = settings.Compile.For(options.FeatureBytes > 0 ? options with { Features = new DiskFeatureStore(features) } : options, Own(EngineSetup.OpenTunings(environment)));
            var transformer = EngineSetup.TransformerOptions(environment, settings.Precision, settings.Compile.Compile ?? CompileMode.Blocks);
            var generator = Own(new VideoGenerator(model, runtime, session, transformer, shared));
            var backend = new LocalBackend(generator, ffmpeg, Estimate(model, settings.Precision, machine))
            {
                Steps = settings.Reuse == ReuseMode.Similar ? new StepStore(Own(EngineSetup.OpenSection(environment, CacheSections.Steps))) : null,
            };
            return new BatchBackend(backend, model.Name, (options.BatchSize ?? ChosenBatch) + options.Workers + Around, [.. owned]) { _generator = generator };
        }
        catch
        {
            foreach (var one in owned)
            {
                one.Dispose();
            }

            throw;
        }

        T Own<T>(T one)
            where T : IDisposable
        {
            owned.Push(one);
            return one;
        }
    }
}
