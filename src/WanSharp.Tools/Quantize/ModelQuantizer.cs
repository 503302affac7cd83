using WanSharp.Engine;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Hosting;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Providers;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Quantize;

/// <summary>
/// Quantizes a model to 8-bit integers as far as a bound allows: measures each layer alone, takes them from the least to the most
/// sensitive as long as no calibration clip loses more, writes the files, and judges these by other prompts before they get their place.
/// </summary>
/// <param name="host">Opens models.</param>
/// <param name="runtime">What executes.</param>
/// <param name="options">The bound, and the prompts.</param>
public sealed class ModelQuantizer(WanHost host, OrtRuntime runtime, QuantizeOptions options)
{
    private const int MostAttempts = 4;

    // Clips that were not used to choose may lose a little more than the worst of those that were.
    private const double Tightening = 0.75;

    /// <summary>Quantizes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="output">A new folder for a model with a config.json of ours; otherwise the file of its transformer.</param>
    /// <param name="replace">Whether files may be replaced.</param>
    /// <param name="progress">Receives how far it is.</param>
    /// <param name="cancellationToken">Stops within a step; what was measured is kept, and nothing half-written is left.</param>
    /// <exception cref="InvalidRequestException">The model is quantized, or the output cannot be written.</exception>
    /// <exception cref="QuantizeException">Nothing can be quantized within the bound.</exception>
    public async Task<QuantizeReport> RunAsync(
        WanModel model,
        string output,
        bool replace,
        IProgress<QuantizeProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(output);
        var files = new QuantizedFiles(model, output.TrimEnd('/', '\\'));
        files.RequireWritable(replace);
        RequireUnquantized(model);
        using var journal = QuantizeJournal.Open(host.Options.CacheFolder, About(model));
        using var folder = WorkFolder.Create(Path.GetDirectoryName(Path.GetFullPath(output))!);
        var (bound, last, tried) = (options.MaxLoss, (int?)null, 0);
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            var choice = await ChooseAsync(model, journal, last, bound, progress, cancellationToken).ConfigureAwait(false);
            tried += choice.Tried;
            if (choice.Index < 0)
            {
                break;
            }

            progress?.Report(new QuantizeProgress("writing", 0, 1));
            using var attemptFolder = WorkFolder.Create(folder.Path);
            var place = files.Write(attemptFolder, choice.Layers, choice.HighNoise, cancellationToken);
            var (held, before, after) = await JudgeAsync(model, place, progress, cancellationToken).ConfigureAwait(false);
            if (held.All(clip => clip.Loss <= options.MaxLoss) && LossForecast.Of([.. held.Select(clip => clip.Loss)]) <= options.MaxLoss)
            {
                cancellationToken.ThrowIfCancellationRequested();
                files.Publish(attemptFolder);
                return Report(model, files, choice, [.. choice.Clips, .. held], before, after, (tried, attempt - 1));
            }

            (bound, last) = (bound * Tightening, choice.Index);
        }

        throw new QuantizeException(
            $"No choice of layers of {model.Name} keeps the loss of every clip within {options.MaxLoss:P2}: allow more with "
                + "--max-loss, or give prompts that are like those it is used for with --prompts. Nothing was written."
        );
    }

    /// <summary>
    /// Measures what is not known, and chooses layers that keep within a bound. What measures is closed when it returns: the files are
    /// judged in its place in memory.
    /// </summary>
    private async Task<Choice> ChooseAsync(
        WanModel model,
        QuantizeJournal journal,
        int? last,
        double bound,
        IProgress<QuantizeProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        using var generator = Trial(model);
        using var kept = new KeptClips();
        var losses = await new LayerMeasurement(model, generator, options, journal)
            .MeasureAsync(progress, cancellationToken)
            .ConfigureAwait(false);
        var (choice, measured) = (new LayerChoice(losses), new ClipMeasurement(model, generator, options, journal, kept));
        var index = await ChooseAsync(choice, measured, last ?? choice.Count, bound, progress, cancellationToken).ConfigureAwait(false);
        if (index < 0)
        {
            return new Choice(index, LayerFormats.None, null, losses, [], measured.Tried);
        }

        var (layers, highNoise) = choice.At(index);
        var clips = await measured.MeasureAsync(layers, highNoise, bound, progress, cancellationToken).ConfigureAwait(false);
        return new Choice(index, layers, highNoise, losses, clips, measured.Tried);
    }

    private VideoGenerator Trial(WanModel model)
    {
        var (plain, rotated) = LayerMeasurement.Forms(model.Transformer);
        return new VideoGenerator(
            model,
            runtime,
            new SessionSettings(),
            host.TransformerOptions(Quantization.EightBit) with
            {
                Layers = LayerFormats.None,
                Trials = [plain, rotated],
            },
            OptionsFor(model) with
            {
                BlocksOnly = true,
            }
        );
    }

    /// <summary>The last of the choices before one that keeps within the bound; −1 if none does.</summary>
    private static async Task<int> ChooseAsync(
        LayerChoice choice,
        ClipMeasurement clips,
        int end,
        double bound,
        IProgress<QuantizeProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var (within, above) = (-1, end);
        for (var next = end - 1; above - within > 1; next = within + ((above - within) / 2))
        {
            var (layers, highNoise) = choice.At(next);
            var measured = await clips.MeasureAsync(layers, highNoise, bound, progress, cancellationToken).ConfigureAwait(false);
            (within, above) = measured.All(clip => clip.Loss <= bound) ? (next, above) : (within, next);
        }

        return within;
    }

    /// <summary>Makes the clips of the other prompts as the model was and, in turn, with the files that were written.</summary>
    private async Task<(List<QuantizedClip> Clips, TimeSpan Before, TimeSpan After)> JudgeAsync(
        WanModel model,
        (string Model, NamedParts Parts) place,
        IProgress<QuantizeProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        List<GenerationRequest> requests =
        [
            .. options.HeldBack.Select((prompt, i) => options.RequestOf(prompt, options.Prompts.Count + i)),
        ];
        using var kept = new KeptClips();
        var expected = await MakeAllAsync(model, Precision.Full, (_, clip) => clip with { Frames = kept.Keep(clip.Frames) })
            .ConfigureAwait(false);
        using var written = host.OpenModel(place.Model, place.Parts);
        var clips = new List<QuantizedClip>();
        var actual = await MakeAllAsync(written, Precision.EightBit, Judged).ConfigureAwait(false);
        return (clips, Median(expected), Median(actual));

        // One engine after the other: two would take the memory of both. And one clip: what is needed later is kept.
        async Task<List<MadeClip>> MakeAllAsync(WanModel of, Precision precision, Func<int, MadeClip, MadeClip> take)
        {
            using var generator = new VideoGenerator(
                of,
                runtime,
                new SessionSettings(),
                host.TransformerOptions(precision.Quantization),
                OptionsFor(of)
            );
            var made = new List<MadeClip>();
            foreach (var request in requests)
            {
                progress?.Report(new QuantizeProgress($"clips of other prompts in {precision}", made.Count, requests.Count));
                made.Add(take(made.Count, await MakeAsync(generator, request, cancellationToken).ConfigureAwait(false)));
            }

            return made;
        }

        MadeClip Judged(int i, MadeClip narrow)
        {
            var loss = ClipMeasurement.LossOf(narrow.Frames, expected[i].Frames, narrow.Plan.Format);
            clips.Add(new QuantizedClip(requests[i].Prompt, requests[i].Seed!.Value, loss, IsHeldBack: true));
            return narrow with { Frames = [] };
        }
    }

    private EngineOptions OptionsFor(WanModel model) => EngineHost.OptionsOf(host, model, options.Engine) with { BatchSize = 1 };

    private static async Task<MadeClip> MakeAsync(VideoGenerator generator, GenerationRequest request, CancellationToken cancellationToken)
    {
        var plan = generator.Plan(request);
        var frames = new ClipRecorder();
        await using var end = frames.ConfigureAwait(false);
        var statistics = await generator.GenerateAsync(plan, frames, null, cancellationToken).ConfigureAwait(false);
        return new MadeClip(frames.Frames, plan, statistics.Stages[GenerationStage.Denoise].Share / statistics.Steps);
    }

    private static QuantizeReport Report(
        WanModel model,
        QuantizedFiles files,
        Choice choice,
        IReadOnlyList<QuantizedClip> clips,
        TimeSpan before,
        TimeSpan after,
        (int Tried, int Rejected) choices
    ) =>
        new(
            [.. choice.Losses.Select(loss => (loss, (loss.Layer.IsHighNoise ? choice.HighNoise! : choice.Layers).Of(loss.Layer.Name)))],
            clips,
            before,
            after,
            model.TransformerWeights.BytesByType().Values.Sum() + (model.HighNoiseWeights?.BytesByType().Values.Sum() ?? 0),
            [.. files.Transformers().Select(file => (file, FileFacts.Of(file).Length))],
            files.Use(),
            choices.Tried,
            choices.Rejected
        );

    private static void RequireUnquantized(WanModel model)
    {
        if (QuantizedFiles.FindQuantized(model) is var (file, type))
        {
            throw new InvalidRequestException(
                "model",
                $"{file} holds {type.Name()}: it is quantized already. Quantize the model that it was made from."
            );
        }
    }

    /// <summary>All that measurements depend on: a clip's plan says it, digests of all files included.</summary>
    private string About(WanModel model)
    {
        var computes = new ExecutionSettings(ProviderProfiles.Cpu.ShortName, Precision.Full.Name, options.Engine.Threads);
        var clip = EngineHost
            .CostsOf(host, model, options.Engine, Precision.Full)
            .Plan(options.RequestOf(options.Prompts[0], seed: 0), computes)
            .Settings;
        var engine = options.Engine.Options;
        return string.Join(
            '\n',
            "quantize 2",
            model.Digest,
            $"largest code {Int8Codes.Largest}, onnxruntime {runtime.Version}, {engine.VaeTile}, {engine.LoraMode}",
            (clip with { Prompt = "" }).ToJson(),
            $"{options.LayerPrompts} prompts, {options.LayerSteps} steps",
            string.Join('\n', options.Prompts)
        );
    }

    private static TimeSpan Median(IReadOnlyCollection<MadeClip> clips) =>
        clips.Select(clip => clip.Step).Order().ElementAt(clips.Count / 2);

    /// <summary>Layers that keep within a bound, and how that was found; the index is −1 where none do.</summary>
    private sealed record Choice(
        int Index,
        LayerFormats Layers,
        LayerFormats? HighNoise,
        IReadOnlyList<LayerLoss> Losses,
        IReadOnlyList<QuantizedClip> Clips,
        int Tried
    );

    private sealed record MadeClip(IReadOnlyList<byte[]> Frames, GenerationPlan Plan, TimeSpan Step);
}
