using WanSharp.Engine.Denoising;
using WanSharp.Engine.Features;
using WanSharp.Engine.Models;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;

namespace WanSharp.Engine.Scheduling;

/// <summary>A model's networks, compiled when a clip first needs them and kept. Lanes share the weights and the compiled graphs.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="model">The model.</param>
/// <param name="graphs">Compiles; disposed with the networks.</param>
/// <param name="settings">How graphs are compiled.</param>
/// <param name="transformer">How the transformer is.</param>
/// <param name="lanes">How many denoisers there are.</param>
internal sealed class EngineNetworks(WanModel model, GraphCache graphs, SessionSettings settings, TransformerOptions? transformer, int lanes) : IDisposable
{
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly SemaphoreSlim _encodingText = new(1, 1);
    private readonly SemaphoreSlim _encodingImages = new(1, 1);
    private readonly List<Denoiser> _denoisers = [];
    private readonly List<TransformerRunner> _transformers = [];
    private TransformerOptions _transformer = transformer ?? new TransformerOptions();
    private TextEncoderRunner? _textEncoder;
    private ClipVisionRunner? _clipVision;
    private bool _disposed;

    /// <summary>Whether weights are widened in the process's own memory, which is done again in no time; a device's copies are not.</summary>
    public bool AreOnHost { get; } = settings.Provider.Equals("cpu", StringComparison.OrdinalIgnoreCase);

    /// <summary>Encodes and decodes frames, on any number of lanes.</summary>
    public VaeRunner Vae { get; } = new(graphs.Runtime, model.Vae, model.VaeWeights, settings, graphs);

    /// <summary>Each lane's own, once <see cref="LoadDenoisersAsync"/> has made them.</summary>
    public IReadOnlyList<Denoiser> Denoisers => _denoisers;

    /// <summary>Makes every lane's denoiser.</summary>
    public Task LoadDenoisersAsync(ClipRun clip) => LoadAsync(async () =>
    {
        while (_denoisers.Count < lanes)
        {
            using var work = clip.Clock.Work(GenerationStage.Load);
            var experts = await LoadExpertsAsync(clip.Cancelled);
            _denoisers.Add(new Denoiser(experts));
        }

        return _denoisers;
    }, clip.Cancelled);

    /// <summary>Has the networks run in another way from the next clip on. No clip may be under way that runs in the one before.</summary>
    public Task UseAsync(Strategy strategy, CancellationToken cancellationToken) => LoadAsync(() =>
    {
        model.TransformerWeights.ResidentBlocks = model.HighNoiseWeights is { } highNoise ? highNoise.ResidentBlocks = strategy.ResidentBlocks : strategy.ResidentBlocks;
        var wanted = _transformer with { Mode = strategy.Compile, TokensAtOnce = strategy.TokensAtOnce };
        if (wanted != _transformer)
        {
            _transformer = wanted;
            FreeDenoisers();
        }

        return Task.FromResult(wanted);
    }, cancellationToken);

    /// <summary>Frees the text encoder, and lets the system have its pages; it is loaded again when it is needed.</summary>
    public Task UnloadTextEncoderAsync(CancellationToken cancellationToken) => InTurnAsync(
        _encodingText,
        () => LoadAsync(() =>
        {
            _textEncoder?.Dispose();
            _textEncoder = null;
            model.TextEncoderWeights.ForgetAll();
            return Task.FromResult(true);
        }, cancellationToken),
        cancellationToken);

    /// <summary>Gives back the memory that runs keep for the next ones.</summary>
    public void Shed() => graphs.Runtime.Memory.Trim();

    /// <summary>Uses the text encoder, which is for one prompt at a time.</summary>
    public async Task<T> UseTextEncoderAsync<T>(Func<TextEncoderRunner, Task<T>> use, CancellationToken cancellationToken)
    {
        return await InTurnAsync(
            _encodingText,
            async () => await use(await LoadAsync(
                async () => _textEncoder ??= await TextEncoderRunner.CreateAsync(graphs, model.TextEncoder, model.TextEncoderWeights, settings, cancellationToken: cancellationToken),
                cancellationToken)),
            cancellationToken);
    }

    /// <summary>Uses the image encoder, which is for one clip at a time.</summary>
    public async Task<T> UseImageEncoderAsync<T>(Func<ImageEncoder, Task<T>> use, CancellationToken cancellationToken)
    {
        var clipVision = await LoadAsync(
            async () => model is { ClipVision: { } clip, ClipVisionWeights: { } weights }
                ? _clipVision ??= await ClipVisionRunner.CreateAsync(graphs, clip, weights, settings, cancellationToken: cancellationToken)
                : null,
            cancellationToken);
        return await InTurnAsync(_encodingImages, () => use(new ImageEncoder(Vae, clipVision)), cancellationToken);
    }

    /// <summary>Frees everything, once what is being loaded is there. No lane may run any more.</summary>
    public void Dispose()
    {
        _loading.Wait();
        _disposed = true;
        _loading.Release();
        FreeDenoisers();
        _textEncoder?.Dispose();
        _clipVision?.Dispose();
        Vae.Dispose();
        graphs.Dispose();
    }

    private void FreeDenoisers()
    {
        _denoisers.ForEach(denoiser => denoiser.Dispose());
        _transformers.ForEach(runner => runner.Dispose());
        _denoisers.Clear();
        _transformers.Clear();
    }

    /// <summary>A model's transformers, for one lane; the graph cache compiles the graphs of two experts once.</summary>
    private async Task<Experts> LoadExpertsAsync(CancellationToken cancellationToken) => new(
        await LoadTransformerAsync(model.TransformerWeights, cancellationToken),
        model.HighNoiseWeights is { } highNoise ? await LoadTransformerAsync(highNoise, cancellationToken) : null);

    private async Task<TransformerRunner> LoadTransformerAsync(WeightStore weights, CancellationToken cancellationToken)
    {
        var runner = await TransformerRunner.CreateAsync(graphs, model.Transformer, weights, settings, options: _transformer, cancellationToken: cancellationToken);
        _transformers.Add(runner);
        return runner;
    }

    /// <summary>One caller loads, and the others find what it loaded; when it is cancelled, the next one loads.</summary>
    private Task<T> LoadAsync<T>(Func<Task<T>> load, CancellationToken cancellationToken) => InTurnAsync(
        _loading,
        () =>
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(VideoGenerator));
            return load();
        },
        cancellationToken);

    private static async Task<T> InTurnAsync<T>(SemaphoreSlim turn, Func<Task<T>> act, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            return await act();
        }
        finally
        {
            turn.Release();
        }
    }
}
