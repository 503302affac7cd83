using System.Globalization;
using WanSharp.Engine;
using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Graphs;
using WanSharp.Media.Clips;
using WanSharp.Models;
using WanSharp.Storage;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Quantize;

/// <summary>Measures what a choice of layers loses, on whole clips.</summary>
/// <param name="model">The model.</param>
/// <param name="generator">Makes its clips, and can try 8-bit integers.</param>
/// <param name="options">The prompts.</param>
/// <param name="journal">Keeps what is measured.</param>
/// <param name="kept">Keeps the clips that the model makes itself.</param>
internal sealed class ClipMeasurement(
    WanModel model,
    VideoGenerator generator,
    QuantizeOptions options,
    QuantizeJournal journal,
    KeptClips kept
)
{
    private readonly Dictionary<int, IReadOnlyList<byte[]>> _full = [];

    /// <summary>How many choices were asked for.</summary>
    public int Tried { get; private set; }

    /// <summary>The losses of the calibration clips, as far as none is above a bound: the first that is ends the list.</summary>
    public async Task<IReadOnlyList<QuantizedClip>> MeasureAsync(
        LayerFormats layers,
        LayerFormats? highNoise,
        double bound,
        IProgress<QuantizeProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        Tried++;
        var choice = Digests.OfText($"{layers}\n{highNoise}");
        var clips = new List<QuantizedClip>();
        for (var i = 0; i < options.Prompts.Count; i++)
        {
            progress?.Report(new QuantizeProgress($"choice {Tried}, clips", i, options.Prompts.Count));
            var key = string.Create(CultureInfo.InvariantCulture, $"choice {choice} clip {i}");
            var loss = journal.Find(key) ?? await LossAsync(i, new LayerTrial(layers, highNoise), cancellationToken).ConfigureAwait(false);
            if (journal.Find(key) is null)
            {
                journal.Add(key, loss);
            }

            clips.Add(new QuantizedClip(options.Prompts[i], (ulong)i, loss, IsHeldBack: false));
            if (loss > bound)
            {
                break;
            }
        }

        return clips;
    }

    private async Task<double> LossAsync(int clip, LayerTrial trial, CancellationToken cancellationToken)
    {
        if (!_full.TryGetValue(clip, out var full))
        {
            var exact = new LayerTrial(LayerFormats.None, model.HasExperts ? LayerFormats.None : null);
            _full[clip] = full = kept.Keep((await MakeAsync(clip, exact, cancellationToken).ConfigureAwait(false)).Frames);
        }

        var (frames, plan) = await MakeAsync(clip, trial, cancellationToken).ConfigureAwait(false);
        return LossOf(frames, full, plan.Format);
    }

    /// <summary>1 − SSIM.</summary>
    /// <param name="actual">The frames of a clip.</param>
    /// <param name="expected">As many of the other one.</param>
    /// <param name="format">The format of both: what they have in the file, not what the model made.</param>
    public static double LossOf(IReadOnlyList<byte[]> actual, IReadOnlyList<byte[]> expected, ClipFormat format)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(actual.Count, expected.Count);
        var comparer = FrameComparer.For(format);
        return 1 - actual.Zip(expected, (one, other) => comparer.Compare(one, other).Ssim).Average();
    }

    private async Task<(IReadOnlyList<byte[]> Frames, GenerationPlan Plan)> MakeAsync(
        int clip,
        LayerTrial trial,
        CancellationToken cancellationToken
    )
    {
        var plan = generator.Plan(options.RequestOf(options.Prompts[clip], clip));
        var frames = new ClipRecorder();
        await using var end = frames.ConfigureAwait(false);
        await generator.GenerateAsync(plan, frames, new GenerationRunOptions { Trial = trial }, cancellationToken).ConfigureAwait(false);
        return (frames.Frames, plan);
    }
}
