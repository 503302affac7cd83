using System.Globalization;
using WanSharp.Engine;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Tensors;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Quantize;

/// <summary>
/// Measures each layer alone: some steps of some clips are repeated with that layer in 8-bit integers, on what the network was given in
/// that step, and the outputs compared. The clip goes on as if nothing had happened.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="generator">Makes its clips, and can try 8-bit integers.</param>
/// <param name="options">The prompts and steps.</param>
/// <param name="journal">Keeps what is measured.</param>
internal sealed class LayerMeasurement(WanModel model, VideoGenerator generator, QuantizeOptions options, QuantizeJournal journal)
{
    private const string Plain = "plain";
    private const string Rotation = "rotated";

    private readonly IReadOnlyList<(string Name, long Inputs, long Elements)> _layers = LayersOf(model.Transformer);
    private int _done;
    private int _passes; // of the clip: the branches of a step may have passes of their own

    /// <summary>The layers that tolerate it, in the order in which they compute.</summary>
    public static IReadOnlyList<(string Name, long Inputs, long Elements)> LayersOf(TransformerConfig config) =>
        [
            .. QuantizedWeight
                .Among(new TransformerGraphs(config, new GraphOptions { Quantization = Quantization.EightBit }).BlockWeights)
                .Select(weight => (NameOf(weight), weight.Source.Shape[1], weight.Source.Shape.ElementCount)),
        ];

    /// <summary>All layers, plain; and all that can be, rotated.</summary>
    public static (LayerFormats Plain, LayerFormats Rotated) Forms(TransformerConfig config)
    {
        var layers = LayersOf(config);
        return (
            new LayerFormats(layers.Select(layer => KeyValuePair.Create(layer.Name, LayerFormat.EightBit))),
            new LayerFormats(
                layers.Select(layer => KeyValuePair.Create(layer.Name, LayerFormat.Rotated(layer.Inputs) ?? LayerFormat.Exact))
            )
        );
    }

    /// <summary>Measures what is not known.</summary>
    public async Task<IReadOnlyList<LayerLoss>> MeasureAsync(IProgress<QuantizeProgress>? progress, CancellationToken cancellationToken)
    {
        var prompts = options.Prompts.Take(options.LayerPrompts).ToList();
        for (var i = 0; i < prompts.Count; i++)
        {
            var plan = generator.Plan(options.RequestOf(prompts[i], i));
            var steps = Steps(plan.Settings.Steps);
            if (IsMeasured(i, steps))
            {
                continue;
            }

            var clip = i;
            _passes = 0;
            var trial = new LayerTrial(LayerFormats.None, model.HasExperts ? LayerFormats.None : null)
            {
                Observe = (pass, token) =>
                {
                    if (steps.Contains(pass.Step))
                    {
                        Measure(clip, pass, progress, prompts.Count * steps.Count, token);
                    }
                },
            };
            await MakeAsync(plan, trial, cancellationToken).ConfigureAwait(false);
            journal.Add(DoneName(i, steps), 1);
        }

        return [.. Losses()];
    }

    private async Task MakeAsync(GenerationPlan plan, LayerTrial trial, CancellationToken cancellationToken)
    {
        var frames = new ClipRecorder();
        await using var end = frames.ConfigureAwait(false);
        await generator.GenerateAsync(plan, frames, new GenerationRunOptions { Trial = trial }, cancellationToken).ConfigureAwait(false);
    }

    private void Measure(int clip, TrialPass pass, IProgress<QuantizeProgress>? progress, int passes, CancellationToken cancellationToken)
    {
        using var result = Tensor.Zeros(DType.F32, pass.Velocity.Shape);
        var part = _passes++;
        foreach (var (name, inputs, _) in _layers)
        {
            foreach (var (form, format) in Formats(inputs))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var key = Key(new LayerName(pass.IsHighNoise, name), form, clip, part);
                if (journal.Find(key) is null)
                {
                    pass.Repeat(new LayerFormats([KeyValuePair.Create(name, format)]), result);
                    journal.Add(key, SquaredError(result.Read<float>(), pass.Velocity.Read<float>()));
                }
            }

            progress?.Report(new QuantizeProgress("layers", ++_done, Math.Max(_done, passes * _layers.Count)));
        }
    }

    /// <summary>The squared length of the difference, as a share of the expected one's.</summary>
    private static double SquaredError(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        var (difference, length) = (0.0, 0.0);
        for (var i = 0; i < actual.Length; i++)
        {
            var off = (double)actual[i] - expected[i];
            (difference, length) = (difference + (off * off), length + ((double)expected[i] * expected[i]));
        }

        var error = difference / length;
        return double.IsFinite(error) ? error : double.PositiveInfinity;
    }

    private IEnumerable<LayerLoss> Losses()
    {
        foreach (var isHighNoise in model.HasExperts ? new[] { false, true } : [false])
        {
            foreach (var (name, inputs, elements) in _layers)
            {
                var layer = new LayerName(isHighNoise, name);
                var rotation = LayerFormat.Rotated(inputs);
                yield return new LayerLoss(
                    layer,
                    elements,
                    Mean(layer, Plain) ?? double.PositiveInfinity, // an expert that no clip asked for stays as it is
                    rotation is null ? null : Mean(layer, Rotation),
                    rotation
                );
            }
        }
    }

    private double? Mean(LayerName layer, string form)
    {
        var squares = journal.Under(Prefix(layer, form)).ToList();
        return squares.Count == 0 ? null : Math.Sqrt(squares.Average());
    }

    private bool IsMeasured(int clip, IReadOnlySet<int> steps) => journal.Find(DoneName(clip, steps)) is not null;

    private static string DoneName(int clip, IReadOnlySet<int> steps) => $"clip {clip} of steps {string.Join(',', steps.Order())}";

    private static string Prefix(LayerName layer, string form) => $"{layer} {form} ";

    private static string Key(LayerName layer, string form, int clip, int part) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix(layer, form)}{clip} {part}");

    private static IEnumerable<(string Form, LayerFormat Format)> Formats(long inputs)
    {
        yield return (Plain, LayerFormat.EightBit);
        if (LayerFormat.Rotated(inputs) is { } rotated)
        {
            yield return (Rotation, rotated);
        }
    }

    /// <summary>Evenly spread, the first and the last among them.</summary>
    private HashSet<int> Steps(int count) =>
        [
            .. Enumerable
                .Range(0, Math.Min(count, options.LayerSteps))
                .Select(i => count <= options.LayerSteps || options.LayerSteps == 1 ? i : i * (count - 1) / (options.LayerSteps - 1)),
        ];

    private static string NameOf(QuantizedWeight weight) => weight.Source.Name[..^".weight".Length];
}
