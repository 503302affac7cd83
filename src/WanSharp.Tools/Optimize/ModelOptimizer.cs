using WanSharp.Engine.Planning;
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
/// the best by other prompts.
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
        var request = new GenerationRequest(options.Settings) { Prompt = options.Prompts[0], Images = options.Images };
        using var clips = new WayClips(host, options.Engine, request, options.Started);
        var opened = await clips.EngineAsync(Quantization.None, options.Prompts[0], cancellationToken).ConfigureAwait(false);
        var own = opened.Generator.Plan(request);
        var presets = host.OpenPresets(opened.Model);
        var search = new WaySearch(
            Levers.Of(
                opened.Model,
                presets,
                own,
                options.Settings.Decoder is null ? DecodersOf(opened.Model) : [],
                withEightBit: opened.Session.IsOnHost
            )
        );
        var (story, dropped) = await SearchAsync(search, clips, progress, cancellationToken).ConfigureAwait(false);
        Keep(search, opened, own);
        var (answer, validated, losses, rejected) = await AnswerAsync(search, clips, progress, cancellationToken).ConfigureAwait(false);
        return new OptimizeReport(
            opened.Model.Name,
            [.. search.Front.Select(AsSaved)],
            AsSaved(answer),
            SavedPreset.FormOf(answer.Way, presets, opened.Model),
            AsSaved(validated),
            losses,
            rejected,
            [.. story.Select(AsSaved)],
            dropped,
            await SheetsAsync(search, clips, cancellationToken).ConfigureAwait(false)
        );
    }

    /// <summary>Measures each choice alone, then what the search asks for. What the model cannot make is dropped, and named.</summary>
    private async Task<(IReadOnlyList<MeasuredWay> Story, IReadOnlyList<DroppedWay> Dropped)> SearchAsync(
        WaySearch search,
        WayClips clips,
        IProgress<QuantizeProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var (story, dropped) = (new List<MeasuredWay>(), new List<DroppedWay>());
        var total = search.Alone.Count + options.Trials;
        foreach (var way in search.Alone)
        {
            await MeasureAsync(way).ConfigureAwait(false);
        }

        while (story.Count + dropped.Count < total && search.Next(options.Goal) is { } next)
        {
            await MeasureAsync(next).ConfigureAwait(false);
        }

        return (story, dropped);

        async Task MeasureAsync(Way way)
        {
            var name = way.Choices.Count == 0 ? "the model's own way" : way.Key;
            progress?.Report(new QuantizeProgress(name, story.Count + dropped.Count, total));
            try
            {
                var measured = await clips.MeasureAsync(way, options.Prompts, 0, null, cancellationToken).ConfigureAwait(false);
                search.Add(measured);
                story.Add(measured);
            }
            catch (InvalidRequestException e) when (way.Choices.Count > 0)
            {
                search.Drop(way);
                dropped.Add(new DroppedWay(way.Key, e.Message));
            }
        }
    }

    private void Keep(WaySearch search, EngineHost opened, GenerationPlan own)
    {
        using var store = host.OpenTunings();
        new SavedFront { Measured = host.Options.Clock.GetUtcNow(), Ways = [.. search.Front.Select(AsSaved)] }.Save(
            store,
            SavedFront.KeyOf(opened.Model, own, opened.Runtime.Version, options.Engine)
        );
    }

    /// <summary>The best way of the front that keeps its word on other prompts, and how many better ones did not.</summary>
    private async Task<(MeasuredWay Answer, MeasuredWay Validated, IReadOnlyList<double> Losses, int Rejected)> AnswerAsync(
        WaySearch search,
        WayClips clips,
        IProgress<QuantizeProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var goal = options.Goal.IsGiven ? options.Goal : options.Goal with { MaxLoss = ComparisonScale.LittleLoss };
        var open = search.Front.ToList();
        var rejected = 0;
        for (; rejected < MostAnswers && goal.Best(open) is { } best; rejected++)
        {
            progress?.Report(new QuantizeProgress("clips of other prompts", rejected, MostAnswers));
            var losses = new List<double>();
            var validated = await clips
                .MeasureAsync(best.Way, options.HeldBack, options.Prompts.Count, (loss, _, _) => losses.Add(loss), cancellationToken)
                .ConfigureAwait(false);
            if (goal.IsFulfilledBy(validated))
            {
                return (best, validated, losses, rejected);
            }

            open.Remove(best);
        }

        throw Failure(search, rejected);
    }

    private InvalidRequestException Failure(WaySearch search, int rejected)
    {
        var tried = rejected > 0 ? Invariant($"; {rejected} seemed to, and did not on other prompts") : "";
        return options.Goal.Within is { } time
            ? new InvalidRequestException(
                "within",
                Invariant($"No way of {search.Measured.Count} makes a clip within {time.TotalSeconds:0.#} s")
                    + (options.Goal.MaxLoss is { } loss ? Invariant($" that loses at most {loss:P1}") : "")
                    + tried
                    + Invariant($". The fastest takes {search.Front.Min(way => way.TotalSeconds):0.0} s from the start of the program: ")
                    + "make a smaller or shorter clip, or allow more time."
            )
            : new InvalidRequestException("max-loss", $"No way keeps within the loss{tried}: allow more with --max-loss.");
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
            var (width, height) = (clips.Format!.Width, clips.Format.Height);
            for (var i = 0; i < frames.Count; i++)
            {
                strip.Add(i, new RgbImage(width, height, frames[i]), new RgbImage(width, height, own[i]));
            }
        }
    }

    private static SavedWay AsSaved(MeasuredWay way) =>
        new()
        {
            Choices = [.. way.Way.Choices.Select(choice => choice.ToString())],
            Settings = way.Way.Settings(new ClipSettings()),
            Precision = Precision.NameOf(way.Way.Precision),
            Seconds = way.Seconds,
            StartSeconds = way.StartSeconds,
            Loss = way.Loss,
            WorstLoss = way.Worst,
        };

    /// <summary>Tiny decoders next to the model.</summary>
    private static IReadOnlyList<string> DecodersOf(WanModel model) =>
        Directory.Exists(model.Folder) ? [.. Directory.EnumerateFiles(model.Folder, TinyDecoders).Order(StringComparer.Ordinal)] : [];
}
