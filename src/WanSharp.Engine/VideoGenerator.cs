using WanSharp.Engine.Decoding;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Features;
using WanSharp.Engine.Models;
using WanSharp.Engine.Noise;
using WanSharp.Engine.Output;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Sampling;
using WanSharp.Engine.Text;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Engine;

/// <summary>The pipeline: plan, encode, denoise, decode, write. Read <see cref="RunAsync"/> from top to bottom.</summary>
/// <remarks>Makes one video at a time; calls that overlap wait for each other.</remarks>
public sealed class VideoGenerator : IVideoGenerator
{
    private const string Precision = "float32";

    private readonly WanModel _model;
    private readonly GraphCache _graphs;
    private readonly SessionSettings _settings;
    private readonly TransformerOptions? _transformerOptions;
    private readonly ExecutionSettings _execution;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly VaeRunner _vae;
    private TextEncoderRunner? _textEncoder;
    private ClipVisionRunner? _clipVision;
    private TransformerRunner? _transformer;
    private TransformerRunner? _highNoise;

    /// <summary>A generator; networks compile when the first video needs them.</summary>
    /// <param name="model">The model; must live as long as the generator.</param>
    /// <param name="runtime">What executes; must live as long as the generator.</param>
    /// <param name="settings">How graphs are compiled: provider and its options.</param>
    /// <param name="transformer">How much of the transformer is one graph. Default: a block.</param>
    public VideoGenerator(WanModel model, OrtRuntime runtime, SessionSettings settings, TransformerOptions? transformer = null)
    {
        _model = model;
        _graphs = new GraphCache(runtime);
        _settings = settings;
        _transformerOptions = transformer;
        _execution = new ExecutionSettings(settings.Provider, Precision, runtime.Threads > 0 ? runtime.Threads : null);
        _vae = new VaeRunner(runtime, model.Vae, model.VaeWeights, settings);
    }

    /// <inheritdoc/>
    public GenerationPlan Plan(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return GenerationPlanner.Plan(request, _model, _execution);
    }

    /// <inheritdoc/>
    public async Task GenerateAsync(
        GenerationPlan plan, IFrameWriter frames, IProgress<GenerationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(frames);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            // The stages compute for minutes: not on the caller's thread.
            await Task.Run(() => RunAsync(plan, frames, progress, cancellationToken), cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Frees the networks; the model and the runtime stay the caller's.</summary>
    public void Dispose()
    {
        _textEncoder?.Dispose();
        _clipVision?.Dispose();
        _transformer?.Dispose();
        _highNoise?.Dispose();
        _vae.Dispose();
        _graphs.Dispose();
        _turn.Dispose();
    }

    private async Task RunAsync(GenerationPlan plan, IFrameWriter frames, IProgress<GenerationProgress>? progress, CancellationToken cancellationToken)
    {
        // 1. Load: map what is not mapped, compile what is not compiled.
        progress?.Report(new GenerationProgress(GenerationStage.Load, 0, 1));
        await LoadAsync(cancellationToken);

        // 2. Encode: the prompts to text features, the images to latents of the frames that they give.
        progress?.Report(new GenerationProgress(GenerationStage.Encode, 0, 1));
        using var images = new ImageEncoder(_vae, _clipVision).Encode(plan, _model.Transformer, cancellationToken);
        var contexts = EncodePrompts(plan, cancellationToken);

        // 3. Denoise: noise to latents, step by step.
        using var clip = new DenoiseState(
            Samplers.Create(plan.Sampler, plan.Settings.Steps, plan.Settings.Shift), GuidanceScales.Of(plan.Settings), contexts, images, Noise(plan));
        using var denoiser = new Denoiser(new Experts(_transformer!, _highNoise, plan.Settings.Boundary ?? 1));
        while (!clip.Done)
        {
            progress?.Report(new GenerationProgress(GenerationStage.Denoise, clip.Sampler.NextStep, clip.Sampler.StepCount));
            denoiser.Step(clip, cancellationToken);
        }

        // 4. and 5. Decode and write: a latent frame at a time, handed to the writer before the next one is decoded.
        var decoded = 0;
        foreach (var frame in FrameDecoder.Decode(_vae, clip.Latents, cancellationToken))
        {
            progress?.Report(new GenerationProgress(GenerationStage.Decode, decoded++, plan.Settings.Frames));
            await frames.WriteAsync(frame, cancellationToken);
        }
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        _textEncoder ??= await TextEncoderRunner.CreateAsync(_graphs, _model.TextEncoder, _model.TextEncoderWeights, _settings, cancellationToken: cancellationToken);
        if (_model is { ClipVision: { } clip, ClipVisionWeights: { } clipWeights })
        {
            _clipVision ??= await ClipVisionRunner.CreateAsync(_graphs, clip, clipWeights, _settings, cancellationToken: cancellationToken);
        }

        _transformer ??= await TransformerAsync(_model.TransformerWeights, cancellationToken);
        if (_model.HighNoiseWeights is { } highNoise)
        {
            _highNoise ??= await TransformerAsync(highNoise, cancellationToken);
        }
    }

    /// <summary>A transformer; the graph cache compiles the graphs of two experts once.</summary>
    private Task<TransformerRunner> TransformerAsync(WeightStore weights, CancellationToken cancellationToken) =>
        TransformerRunner.CreateAsync(_graphs, _model.Transformer, weights, _settings, options: _transformerOptions, cancellationToken: cancellationToken);

    private List<Tensor> EncodePrompts(GenerationPlan plan, CancellationToken cancellationToken)
    {
        string[] prompts = [plan.Settings.Prompt, plan.Settings.NegativePrompt];
        var contexts = new List<Tensor>();
        try
        {
            foreach (var prompt in prompts.Take(plan.Branches))
            {
                contexts.Add(EncodePrompt(prompt, cancellationToken));
            }

            return contexts;
        }
        catch
        {
            contexts.ForEach(context => context.Dispose());
            throw;
        }
    }

    private Tensor EncodePrompt(string prompt, CancellationToken cancellationToken)
    {
        var textLength = _model.Transformer.TextLength;
        var ids = _model.Tokenizer.Encode(PromptCleaner.Clean(prompt), textLength);
        return TextContext.Encode(_textEncoder!, ids, textLength, cancellationToken);
    }

    private static Tensor Noise(GenerationPlan plan)
    {
        var noise = Tensor.Zeros(DType.F32, plan.Latents);
        new NoiseGenerator(plan.Settings.Seed).Fill(noise.Write<float>());
        return noise;
    }
}
