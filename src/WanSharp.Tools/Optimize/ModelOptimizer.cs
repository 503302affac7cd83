using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Hosting;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Tensors;
using WanSharp.Tools.Compare;
using WanSharp.Tools.Quantize;
using static System.FormattableString;

namespace WanSharp.Tools.Optimize;

/// <summary>
/// Finds ways to make a model's clips faster: measures each lever alone, then those together of which the most is expected, and judges
/// the best by prompts that were not used.
/// </summary>
/// <param name="host">Opens engines, and keeps what was found.</param>
/// <param name="options">What is wanted, and the prompts.</param>
public sealed class ModelOptimizer(WanHost host, OptimizeOptions options)
{
    private const string TinyDecoders = "tae*.safetensors";
    private const int MostAnswers = 6;

    /// <summary>Searches, and keeps the front for <c>wan generate --within</c>.</summary>
    /// <param name="progress">Receives how far it is.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <exception cref="InvalidRequestException">No way fulfils what is wanted.</exception>
    public async Task<OptimizeReport> RunAsync(IProgress<QuantizeProgress>? progress, CancellationToken cancellationToken)
    {
        using var clips = new WayClips(host, options.Engine, options.Settings, options.Started);
        var opened = await clips.EngineAsync(Quantization.None, options.Prompts[0], cancellationToken).ConfigureAwait(false);
        var own = opened.Generator.Plan(new GenerationRequest(options.Settings) { Prompt = options.Prompts[0] });
        var choices = Levers.Of(
            opened.Model,
            host.OpenPresets(opened.Model),
            own,
            options.Settings.Decoder is null ? DecodersOf(opened.Model) : [],
            withEightBit: opened.Session.IsOnHost
        );
        var search = new WaySearch(choices);
        var story = new List<MeasuredWay>();
        var total = search.Alone.Count + options.Trials;
        foreach (var way in search.Alone)
        {
            await MeasureAsync(way).ConfigureAwait(false);
        }

        while (story.Count < total && search.Next(Goal(clips)) is { } next)
        {
            await MeasureAsync(next).ConfigureAwait(false);
        }

        var key = SavedFront.KeyOf(opened.Model, own, opened.Runtime.Version, options.Engine.Memory?.Bytes);
        using (var store = host.OpenTunings())
        {
            new SavedFront { Measured = host.Options.Clock.GetUtcNow(), Ways = [.. search.Front.Select(Saved)] }.Save(store, key);
        }

        var (answer, validated, losses) = await AnswerAsync(search, clips, progress, cancellationToken).ConfigureAwait(false);
        var sheets = await SheetsAsync(search, clips, cancellationToken).ConfigureAwait(false);
        return new OptimizeReport(
            opened.Model.Name,
            [.. search.Front.Select(Saved)],
            Saved(answer),
            Saved(validated),
            losses,
            [.. story.Select(Saved)],
            sheets
        );

        async Task MeasureAsync(Way way)
        {
            progress?.Report(new QuantizeProgress(way.Choices.Count == 0 ? "the model's own way" : way.Key, story.Count, total));
            var measured = await clips.MeasureAsync(way, options.Prompts, 0, null, cancellationToken).ConfigureAwait(false);
            search.Add(measured);
            story.Add(measured);
        }

        SavedWay Saved(MeasuredWay way) => AsSaved(way, clips);
    }

    private OptimizeGoal Goal(WayClips clips) =>
        options.Goal with
        {
            Start = TimeSpan.FromSeconds(clips.StartSeconds.Values.DefaultIfEmpty().Max()),
        };

    /// <summary>The best way of the front that keeps its word on other prompts.</summary>
    private async Task<(MeasuredWay Answer, MeasuredWay Validated, IReadOnlyList<double> Losses)> AnswerAsync(
        WaySearch search,
        WayClips clips,
        IProgress<QuantizeProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var goal = options.Goal.IsGiven ? Goal(clips) : Goal(clips) with { MaxLoss = ComparisonScale.LittleLoss };
        var open = search.Front.ToList();
        for (var tried = 0; tried < MostAnswers && goal.Best(open) is { } best; tried++)
        {
            progress?.Report(new QuantizeProgress("clips of other prompts", tried, MostAnswers));
            var losses = new List<double>();
            var validated = await clips
                .MeasureAsync(best.Way, options.HeldBack, options.Prompts.Count, (loss, _, _) => losses.Add(loss), cancellationToken)
                .ConfigureAwait(false);
            if (goal.IsFulfilledBy(validated))
            {
                return (best, validated, losses);
            }

            open.Remove(best);
        }

        var start = Goal(clips).Start.TotalSeconds;
        throw options.Goal.Within is { } time
            ? new InvalidRequestException(
                "within",
                Invariant($"No way of {search.Measured.Count} makes a clip within {time.TotalSeconds:0.#} s")
                    + (options.Goal.MaxLoss is { } loss ? Invariant($" that loses at most {loss:P1}") : "")
                    + Invariant($": the fastest takes {search.Front.Min(way => way.Seconds) + start:0.0} s from the start of the program.")
                    + " Make a smaller or shorter clip, or allow more time."
            )
            : new InvalidRequestException("max-loss", "No way keeps within the loss on other prompts: allow more with --max-loss.");
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> SheetsAsync(
        WaySearch search,
        WayClips clips,
        CancellationToken cancellationToken
    )
    {
        var sheets = new Dictionary<string, byte[]>();
        foreach (var way in search.Front)
        {
            var strip = new FrameStrip();
            await clips
                .MeasureAsync(way.Way, options.Prompts.Take(1).ToList(), 0, (_, frames, own) => Add(strip, frames, own), cancellationToken)
                .ConfigureAwait(false);
            if (strip.ToWebp() is { } picture)
            {
                sheets[way.Way.Key] = picture;
            }
        }

        return sheets;

        void Add(FrameStrip strip, IReadOnlyList<byte[]> frames, IReadOnlyList<byte[]> own)
        {
            var (width, height) = clips.Size!.Value;
            for (var i = 0; i < Math.Min(frames.Count, own.Count); i++)
            {
                strip.Add(i, new RgbImage(width, height, frames[i]), new RgbImage(width, height, own[i]));
            }
        }
    }

    private static SavedWay AsSaved(MeasuredWay way, WayClips clips) =>
        new()
        {
            Choices = [.. way.Way.Choices.Select(choice => choice.ToString())],
            Settings = way.Way.Settings(new ClipSettings()),
            Precision = Precision.NameOf(way.Way.Precision),
            Seconds = way.Seconds,
            StartSeconds = clips.StartSeconds.GetValueOrDefault(way.Way.Precision),
            Loss = way.Loss,
            WorstLoss = way.Worst,
        };

    /// <summary>Tiny decoders next to the model.</summary>
    private static IReadOnlyList<string> DecodersOf(WanModel model) =>
        Directory.Exists(model.Folder) ? [.. Directory.EnumerateFiles(model.Folder, TinyDecoders).Order(StringComparer.Ordinal)] : [];
}
