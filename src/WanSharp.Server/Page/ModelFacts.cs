using WanSharp.Engine.Costs;
using WanSharp.Engine.Presets;
using WanSharp.Engine.Requests;
using WanSharp.Graphs.Networks;
using WanSharp.Hosting;
using WanSharp.Jobs;
using WanSharp.Media.Images;
using WanSharp.Models;

namespace WanSharp.Server.Page;

/// <summary>
/// What the headers of the served model's files say: what can be asked of it, and what that costs. Loads no weights. Thread-safe.
/// </summary>
internal sealed class ModelFacts(ServerOptions options, WanHost host) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private Opened? _opened;
    private Task<Calibration>? _speed;

    /// <summary>Whether the engine of this process makes the clips; other programs do not say what they cost.</summary>
    public bool IsLocal => options.Backend.Comfy is null;

    /// <summary>Whether the model has an expert for high noise and one for low noise.</summary>
    public bool HasExperts => Open().Model.HasExperts;

    /// <summary>The fields of requests that pictures are given with.</summary>
    public IReadOnlyList<string> Pictures =>
        Open().Model switch
        {
            { TakesImages: false } => [],
            { Transformer: { ModelType: ModelType.Fun, JoinsMask: false } } => ["input_reference"],
            _ => ["input_reference", "last_image"],
        };

    /// <summary>Which presets can be used.</summary>
    public IReadOnlyList<PresetState> Presets => [.. Open().Presets.StatesFor(Open().Model)];

    /// <summary>The settings of a clip for which nothing is asked.</summary>
    public ClipSettings Defaults => Open().Defaults;

    /// <summary>What a clip costs; null until the machine's speed is known.</summary>
    /// <param name="request">The clip, which can be made.</param>
    /// <param name="cancellationToken">Cancels the reading of its pictures.</param>
    public async Task<GenerationCost?> CostAsync(JobRequest request, CancellationToken cancellationToken)
    {
        if (SpeedAsync() is not { IsCompletedSuccessfully: true } known)
        {
            return null;
        }

        var images = new List<ConditioningImage>();
        foreach (var (frame, file) in request.Images)
        {
            images.Add(
                new ConditioningImage(await ImageReader.ReadAsync(host.FindFfmpeg(), file, cancellationToken).ConfigureAwait(false), frame)
            );
        }

        var costs = Open().Costs;
        var plan = costs.Sketch(new GenerationRequest(request) { Prompt = request.Prompt, Images = images });
        return costs.Predict(plan, await known.ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_speed is { } measuring)
        {
            await ((Task)measuring).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _opened?.Model.Dispose();
        _stop.Dispose();
    }

    /// <summary>How fast this machine is: remembered, or being measured, which takes seconds, once in a month.</summary>
    private Task<Calibration> SpeedAsync()
    {
        lock (_gate)
        {
            return _speed is null or { IsFaulted: true }
                ? _speed = Task.Run(() => host.Calibrate(options.Backend.Engine.Threads, again: false, _stop.Token), _stop.Token)
                : _speed;
        }
    }

    private Opened Open()
    {
        lock (_gate)
        {
            if (_opened is { } there)
            {
                return there;
            }

            var quiet = new WanHost(host.Options with { Notice = null }); // the engine that opens it says what there is to say
            var model = quiet.OpenModel(options.Backend.Engine.Model, options.Backend.Engine.Parts);
            var presets = quiet.OpenPresets(model);
            var engine = options.Backend.Engine;
            var costs = EngineHost.CostsOf(quiet, model, engine, EngineHost.PrecisionOnHost(quiet, engine, model, []).Precision);
            var plain = costs.Sketch(new GenerationRequest { Prompt = "a" }, requireImages: false);
            return _opened = new Opened(model, presets, costs, plain.Settings.ToRequested());
        }
    }

    private sealed record Opened(WanModel Model, PresetChoice Presets, CostModel Costs, ClipSettings Defaults);
}
