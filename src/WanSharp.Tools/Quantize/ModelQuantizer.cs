using System.Text.Json;
using WanSharp.Engine;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Hosting;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Weights;
using WanSharp.Storage;
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
        IReadOnlyList<LayerLoss> losses;
        (LayerFormats Layers, LayerFormats? HighNoise) chosen;
        var clips = new List<QuantizedClip>();
        using var folder = WorkFolder.Create(Path.GetDirectoryName(Path.GetFullPath(output))!);
        using var generator = Trial(model);
        losses = await new LayerMeasurement(model, generator, options, journal)
            .MeasureAsync(progress, cancellationToken)
            .ConfigureAwait(false);
        var (choice, measured) = (new LayerChoice(losses), new ClipMeasurement(model, generator, options, journal));
        var (bound, last) = (options.MaxLoss, choice.Count);
        for (var attempt = 1; ; attempt++)
        {
            var index = await ChooseAsync(choice, measured, last, bound, progress, cancellationToken).ConfigureAwait(false);
            if (index < 0 || attempt > MostAttempts)
            {
                throw new QuantizeException(
                    $"No choice of layers of {model.Name} keeps the loss of every clip within {options.MaxLoss:P2}: allow more with "
                        + "--max-loss, or give prompts that are like those it is used for with --prompts. Nothing was written."
                );
            }

            chosen = choice.At(index);
            clips =
            [
                .. await measured.MeasureAsync(chosen.Layers, chosen.HighNoise, bound, progress, cancellationToken).ConfigureAwait(false),
            ];
            progress?.Report(new QuantizeProgress("writing", 0, 1));
            using var attemptFolder = WorkFolder.Create(folder.Path);
            var place = files.Write(attemptFolder, chosen.Layers, chosen.HighNoise, cancellationToken);
            var (held, before, after) = await JudgeAsync(model, place, progress, cancellationToken).ConfigureAwait(false);
            if (held.All(clip => clip.Loss <= options.MaxLoss))
            {
                cancellationToken.ThrowIfCancellationRequested();
                files.Publish(attemptFolder);
                clips.AddRange(held);
                return Report(model, files, losses, chosen, clips, before, after, (measured.Tried, attempt - 1));
            }

            (bound, last) = (bound * Tightening, index);
        }
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
            new EngineOptions { BatchSize = 1, BlocksOnly = true }
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
        using var written = host.OpenModel(place.Model, place.Parts);
        using var full = Generator(model, Quantization.None);
        using var narrow = Generator(written, Quantization.EightBit);
        var (clips, before, after) = (new List<QuantizedClip>(), new List<TimeSpan>(), new List<TimeSpan>());
        for (var i = 0; i < options.HeldBack.Count; i++)
        {
            progress?.Report(new QuantizeProgress("clips of other prompts", i, options.HeldBack.Count));
            var request = options.RequestOf(options.HeldBack[i], options.Prompts.Count + i);
            var expected = await MakeAsync(full, request, cancellationToken).ConfigureAwait(false);
            var actual = await MakeAsync(narrow, request, cancellationToken).ConfigureAwait(false);
            (before, after) = ([.. before, expected.Step], [.. after, actual.Step]);
            var loss = ClipMeasurement.LossOf(actual.Frames, expected.Frames, expected.Plan.Format);
            clips.Add(new QuantizedClip(request.Prompt, request.Seed!.Value, loss, IsHeldBack: true));
        }

        return (clips, Median(before), Median(after));
    }

    private VideoGenerator Generator(WanModel model, Quantization quantization) =>
        new(model, runtime, new SessionSettings(), host.TransformerOptions(quantization), new EngineOptions { BatchSize = 1 });

    private static async Task<(IReadOnlyList<byte[]> Frames, GenerationPlan Plan, TimeSpan Step)> MakeAsync(
        VideoGenerator generator,
        GenerationRequest request,
        CancellationToken cancellationToken
    )
    {
        var plan = generator.Plan(request);
        var frames = new ClipRecorder();
        await using var end = frames.ConfigureAwait(false);
        var statistics = await generator.GenerateAsync(plan, frames, null, cancellationToken).ConfigureAwait(false);
        return (frames.Frames, plan, statistics.Stages[GenerationStage.Denoise].Share / statistics.Steps);
    }

    private static QuantizeReport Report(
        WanModel model,
        QuantizedFiles files,
        IReadOnlyList<LayerLoss> losses,
        (LayerFormats Layers, LayerFormats? HighNoise) chosen,
        IReadOnlyList<QuantizedClip> clips,
        TimeSpan before,
        TimeSpan after,
        (int Tried, int Rejected) choices
    ) =>
        new(
            [.. losses.Select(loss => (loss, (loss.Layer.IsHighNoise ? chosen.HighNoise! : chosen.Layers).Of(loss.Layer.Name)))],
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
        WeightStore?[] stores = [model.TransformerWeights, model.HighNoiseWeights];
        foreach (var weights in stores.OfType<WeightStore>())
        {
            if (
                weights.Stored.Values.FirstOrDefault(tensor =>
                    tensor.DType == DType.I8 || (tensor.DType.BlockLength() > 1 && tensor.Shape.Rank > 1)
                ) is
                { } quantized
            )
            {
                throw new InvalidRequestException(
                    "model",
                    $"{weights.Path} holds {quantized.DType.Name()}: it is quantized already. Quantize the model that it was made from."
                );
            }
        }
    }

    /// <summary>All that measurements depend on.</summary>
    private string About(WanModel model) =>
        string.Join(
            '\n',
            "quantize 1",
            model.Digest,
            $"largest code {Int8Codes.Largest}",
            JsonSerializer.Serialize(options.Settings),
            $"{options.LayerPrompts} prompts, {options.LayerSteps} steps",
            string.Join('\n', options.Prompts.Concat(options.Images.Select(image => $"{image.LatentFrame} {DigestOf(image.Image)}")))
        );

    private static string DigestOf(RgbImage image) => $"{image.Width}x{image.Height} {Digests.OfBytes(image.Pixels)}";

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);
}
