using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Media.Clips;
using WanSharp.Media.Images;
using WanSharp.Tensors;
using WanSharp.Tools.Compare;
using WanSharp.Tools.Quality;
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
    private const int MostAnswers = 12; // most that break a loss do so on one of the first clips
    private const int FewestJudges = 16;

    private static readonly TimeSpan Judging = TimeSpan.FromMinutes(30); // of an answer, about

    /// <summary>Searches, and keeps the front for <c>wan generate --within</c>.</summary>
    /// <param name="progress">Receives how far it is.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <exception cref="InvalidRequestException">No way fulfils what is wanted.</exception>
    public async Task<OptimizeReport> RunAsync(IProgress<QuantizeProgress>? progress, CancellationToken cancellationToken)
    {
        var request = new GenerationRequest(options.Settings) { Prompt = options.Prompts[0], Images = options.Images };
        using var clips = new WayClips(host, options.Engine, request, options.Started);
        var opened = await clips.EngineAsync(precision: null, options.Prompts[0], cancellationToken).ConfigureAwait(false);
        var own = opened.Generator.Plan(request);
        var presets = host.OpenPresets(opened.Model);
        var search = new WaySearch(
            Levers.Of(
                opened.Model,
                presets,
                own,
                options.Settings,
                options.Settings.Decoder is null ? SmallDecoders.Named(opened.Model, host) : [],
                options.Settings.Upscale is { } asked ? [asked] : PixelUpscalers.Of(opened.Model, host),
                withEightBit: opened.Session.IsOnHost
            )
        );
        var sheets = new Dictionary<string, byte[]>();
        var (story, dropped) = await SearchAsync(search, clips, sheets, progress, cancellationToken).ConfigureAwait(false);
        Keep(search, opened, own); // hours of work, before judging takes more
        (MeasuredWay Answer, MeasuredWay Validated, BoundTest Test, int Rejected) found;
        try
        {
            found = await AnswerAsync(search, clips, progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Keep(search, opened, own); // without what was rejected until now
        }

        var (answer, validated, test, rejected) = found;
        return new OptimizeReport(
            opened.Model.Name,
            [.. search.Front.Select(AsSaved)],
            AsSaved(answer),
            SavedPreset.FormOf(answer.Way, answer.Precision, presets, opened.Model),
            AsSaved(validated),
            test.Losses,
            test.Forecast,
            test.Kept,
            test.Share,
            rejected,
            [.. story.Select(AsSaved)],
            dropped,
            search.Front.Where(way => sheets.ContainsKey(way.Way.Key)).ToDictionary(way => way.Way.Key, way => sheets[way.Way.Key])
        );
    }

    /// <summary>Measures each choice alone, then what the search asks for. What the model cannot make is dropped, and named.</summary>
    private async Task<(IReadOnlyList<MeasuredWay> Story, IReadOnlyList<DroppedWay> Dropped)> SearchAsync(
        WaySearch search,
        WayClips clips,
        Dictionary<string, byte[]> sheets,
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
                var strip = options.WithSheets ? new FrameStrip() : null;
                var measured = await clips
                    .MeasureAsync(way, options.Prompts, 0, (loss, frames, own) => Show(ref strip, loss, frames, own), cancellationToken)
                    .ConfigureAwait(false);
                search.Add(measured);
                story.Add(measured);
            }
            catch (InvalidRequestException e) when (way.Choices.Count > 0)
            {
                search.Drop(way);
                dropped.Add(new DroppedWay(way.Key, e.Message));
            }

            // The frames of the first prompt: they are at hand.
            bool Show(ref FrameStrip? strip, double loss, IReadOnlyList<byte[]> frames, IReadOnlyList<byte[]> own)
            {
                if (strip is not null && Sheet(strip, clips.Format!, frames, own) is { } picture)
                {
                    sheets[way.Key] = picture;
                }

                strip = null;
                return true;
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

    /// <summary>
    /// The best way of the front that keeps its word on other prompts, and is expected to on those that nobody gave; and how many better
    /// ones did not.
    /// </summary>
    private async Task<(MeasuredWay Answer, MeasuredWay Validated, BoundTest Test, int Rejected)> AnswerAsync(
        WaySearch search,
        WayClips clips,
        IProgress<QuantizeProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        HashSet<string> judged = [];
        var prompts = JudgesFor(search.Own);
        for (var rejected = 0; rejected < MostAnswers && Best() is { } best; rejected++)
        {
            progress?.Report(new QuantizeProgress("clips of other prompts", rejected, MostAnswers));
            var test = new BoundTest(options.Goal.MaxLoss, prompts.Count);
            var validated = await clips
                .MeasureAsync(best.Way, prompts, options.Prompts.Count, (loss, _, _) => test.Add(loss), cancellationToken)
                .ConfigureAwait(false);
            judged.Add(best.Way.Key);
            var keepsWord = test.IsKept && options.Goal.IsInTime(validated);
            search.Judge(validated, keepsWord);
            if (keepsWord)
            {
                return (best, validated, test, rejected);
            }
        }

        throw Failure(search, judged.Count, mayBeMore: Best() is not null);

        MeasuredWay? Best() => options.Goal.Best(search.Front.Where(way => !judged.Contains(way.Way.Key)));
    }

    /// <summary>The prompts of the clips that judge an answer; each is made in the model's own way, too.</summary>
    private List<string> JudgesFor(MeasuredWay own)
    {
        var count = options.HeldBack.Count;
        if (options.Judges is { } most)
        {
            count = (int)Math.Clamp(Judging.TotalSeconds / (2 * own.Seconds), Math.Min(FewestJudges, most), most);
        }

        return [.. Enumerable.Range(0, count).Select(i => options.HeldBack[i % options.HeldBack.Count])];
    }

    private InvalidRequestException Failure(WaySearch search, int rejected, bool mayBeMore)
    {
        var (time, loss) = (options.Goal.Within, options.Goal.MaxLoss);
        var field = time is null ? "max-loss" : "within";
        if (mayBeMore)
        {
            return new InvalidRequestException(
                field,
                Invariant($"The {rejected} ways that seemed best did not keep their word on other prompts, or too narrowly, and no more ")
                    + "are judged: give prompts that are more like those the model is used for with --prompts, or allow more."
            );
        }

        var tried = rejected > 0 ? Invariant($"; {rejected} seemed to, and did not on other prompts, or too narrowly") : "";
        return time is { } most
            ? new InvalidRequestException(
                field,
                Invariant($"No way of {search.Measured.Count} makes a clip within {most.TotalSeconds:0.#} s")
                    + (loss is { } lost ? Invariant($" that loses at most {lost:P1}") : "")
                    + tried
                    + Invariant($". The fastest takes {search.Front.Min(way => way.TotalSeconds):0.0} s from the start of the program: ")
                    + "make a smaller or shorter clip, or allow more time."
            )
            : new InvalidRequestException(field, $"No way keeps within the loss{tried}: allow more with --max-loss.");
    }

    /// <summary>Frames of a clip above those of the model's own.</summary>
    private static byte[]? Sheet(FrameStrip strip, ClipFormat format, IReadOnlyList<byte[]> frames, IReadOnlyList<byte[]> own)
    {
        for (var i = 0; i < frames.Count; i++)
        {
            strip.Add(i, new RgbImage(format.Width, format.Height, frames[i]), new RgbImage(format.Width, format.Height, own[i]));
        }

        return strip.ToWebp();
    }

    private static SavedWay AsSaved(MeasuredWay way) =>
        new()
        {
            Choices = [.. way.Way.Choices.Select(choice => choice.ToString())],
            Settings = way.Way.Settings(new ClipSettings()),
            Made = way.Made,
            Strategy = way.Strategy,
            Precision = way.Precision.Name,
            Seconds = way.Seconds,
            StartSeconds = way.StartSeconds,
            Loss = way.Loss,
            WorstLoss = way.WorstLoss,
        };
}
