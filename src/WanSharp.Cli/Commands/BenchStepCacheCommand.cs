using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Engine.StepCaches;
using WanSharp.Hosting;
using WanSharp.Media.Images;
using WanSharp.Tensors;
using WanSharp.Tools.Quality;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench step-cache</c>: what <c>--step-cache</c> saves and loses, alone and in a batch.</summary>
internal sealed class BenchStepCacheCommand(CliEnvironment environment)
{
    private const int MostClips = 1000;
    private const int MostRounds = 100;
    private const int MostTogether = 64;
    private const int UsualClips = 16;
    private const int UsualRounds = 3;

    private static readonly string[] UsualWays = ["auto", "easy:0.05", "easy:0.1", "spectrum", "taylor:2", "taylor:3"];

    private readonly Argument<string[]> _ways = new("step-cache")
    {
        Description = $"Step caches to measure, as --step-cache takes them. Default: {string.Join(' ', UsualWays)}.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<int?> _clips = BatchOptions.Count(
        "--clips",
        $"How many clips are made in each way. Default: {UsualClips}.",
        MostClips
    );

    private readonly Option<int?> _batch = BatchOptions.Count(
        "--batch",
        "Also measure this many clips with different step counts together. Default: none.",
        MostTogether
    );

    private readonly Option<int?> _rounds = BatchOptions.Count(
        "--rounds",
        $"How often the batch is made in each way. Default: {UsualRounds}.",
        MostRounds
    );

    private readonly Option<bool> _tuning = new("--tuning") { Description = "Use the prompts that choose, instead of those that judge." };

    private readonly Option<string?> _record = new("--record")
    {
        Description =
            $"Write MagCache's calibration data into this file instead; {StepCacheLoss.RecordingName} next to a model is found there.",
        HelpName = "FILE",
    };

    private readonly PromptSetOption _prompts = PromptSetOption.OfAll();
    private readonly ImageOptions _images = new();
    private readonly SettingOptions _settings = new(withSeed: false);
    private readonly ModelOptions _model = new();
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchStepCacheCommand(environment);
        var command = new Command(
            "step-cache",
            "Compare clips whose steps are partly estimated with those whose steps are all computed: time, PSNR and SSIM."
        )
        {
            self._ways,
            self._clips,
            self._batch,
            self._rounds,
            self._tuning,
            self._record,
            self._threads,
            self._json,
        };
        self._prompts.AddTo(command);
        self._images.AddTo(command);
        self._model.AddTo(command);
        self._settings.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan bench step-cache",
            "wan bench step-cache easy:0.05 spectrum --clips 8 --batch 8",
            "wan bench step-cache --record step-cache.json",
            "wan bench step-cache --prompts p.txt --image a.png --record step-cache.json"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var ways = Ways(parsed.GetValue(_ways)!);
        var settings = _settings.Read(parsed, new ClipSettings());
        var (tuning, judging) = _prompts.Read(parsed);
        var ffmpeg = environment.Host.FindFfmpeg();
        var images = await _images.ReadAsync(parsed, (image, token) => ImageReader.ReadAsync(ffmpeg, image, token), cancellationToken);
        List<StepCacheWayOutput> rows;
        using (var engine = EngineHost.Open(environment.Host, _model.Engine(parsed, parsed.GetValue(_threads))))
        {
            var loss = new StepCacheLoss(engine.Generator, settings, images);
            if (parsed.GetValue(_record) is { } file)
            {
                AtomicFile.Write(file, await loss.RecordAsync(engine.Model, tuning, cancellationToken));
                environment.Out.WriteLine($"{file}: the magnitudes of {tuning.Count} clips of {engine.Model.Name}");
                return ExitCode.Done;
            }

            rows = await MeasureAsync(loss, parsed, parsed.GetValue(_tuning) ? tuning : judging, ways, cancellationToken);
        }

        var batches = parsed.GetValue(_batch) is { } size
            ? await MeasureBatchesAsync(
                parsed,
                generator => new StepCacheBatch(generator, settings, judging, images),
                ways,
                size,
                cancellationToken
            )
            : [];
        environment.Out.WriteLine(
            parsed.GetValue(_json)
                ? JsonText.Of(new StepCacheOutput(rows, batches))
                : string.Join(Environment.NewLine, rows.Select(Line).Concat(batches.Select(Line)))
        );
        return ExitCode.Done;
    }

    private async Task<List<StepCacheWayOutput>> MeasureAsync(
        StepCacheLoss loss,
        ParseResult parsed,
        IReadOnlyList<string> prompts,
        List<StepCacheSetting> ways,
        CancellationToken cancellationToken
    )
    {
        var clips = new List<StepCacheClip>();
        await foreach (var clip in loss.MeasureAsync(ways, prompts, parsed.GetValue(_clips) ?? UsualClips, cancellationToken))
        {
            clips.Add(clip);
        }

        return [.. clips.GroupBy(clip => clip.Way).Select(Mean)];
    }

    private async Task<List<StepCacheBatchOutput>> MeasureBatchesAsync(
        ParseResult parsed,
        Func<IVideoGenerator, StepCacheBatch> batchOf,
        List<StepCacheSetting> ways,
        int size,
        CancellationToken cancellationToken
    )
    {
        using var together = EngineHost.Open(environment.Host, _model.Engine(parsed, parsed.GetValue(_threads), size));
        var batches = new List<StepCacheBatchOutput>();
        foreach (var way in ways)
        {
            var rounds = parsed.GetValue(_rounds) ?? UsualRounds;
            batches.Add(await MeasureBatchAsync(batchOf(together.Generator), way, size, rounds, cancellationToken));
        }

        return batches;
    }

    private static List<StepCacheSetting> Ways(string[] texts) =>
        [
            .. (texts.Length > 0 ? texts : UsualWays).Select(text =>
                StepCacheSetting.TryParse(text, CultureInfo.InvariantCulture, out var way)
                    ? way
                    : throw new InvalidRequestException(
                        "step-cache",
                        $"'{text}' is not {string.Join(", ", StepCacheSetting.Policies)}, with numbers or without, such as easy:0.05."
                    )
            ),
        ];

    private static StepCacheWayOutput Mean(IGrouping<string, StepCacheClip> way)
    {
        var quality = FrameQuality.Mean([.. way.Select(clip => clip.Quality)]);
        return new StepCacheWayOutput(
            way.Key,
            way.Count(),
            way.First().Steps,
            Math.Round(way.Average(clip => clip.Computed), 2),
            Math.Round(way.Sum(clip => clip.FullDenoise.TotalSeconds) / way.Sum(clip => clip.Denoise.TotalSeconds), 3),
            Math.Round(way.Sum(clip => clip.FullTotal.TotalSeconds) / way.Sum(clip => clip.Total.TotalSeconds), 3),
            double.IsFinite(quality.Psnr) ? Math.Round(quality.Psnr, 2) : null,
            Math.Round(1 - quality.Ssim, 5),
            Math.Round(1 - way.Min(clip => clip.Quality.Ssim), 5)
        );
    }

    private static async Task<StepCacheBatchOutput> MeasureBatchAsync(
        StepCacheBatch batch,
        StepCacheSetting way,
        int clips,
        int count,
        CancellationToken cancellationToken
    )
    {
        var rounds = await batch.MeasureAsync(way, clips, count, cancellationToken);
        return new StepCacheBatchOutput(
            way.ToString(),
            clips,
            rounds[0].Steps,
            rounds[0].Computed,
            Median(round => round.FullDenoise / round.Denoise),
            Median(round => round.FullTotal / round.Total),
            Median(round => round.MeanBatch),
            Median(round => round.FullMeanBatch)
        );

        double Median(Func<StepCacheRound, double> of) => Math.Round(rounds.Select(of).Order().ElementAt(rounds.Count / 2), 3);
    }

    private static string Line(StepCacheWayOutput row) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Computed, 5:0.0} of {row.Steps} steps  denoise {row.DenoiseSpeedup:0.00} x  clip {row.ClipSpeedup:0.00} x  "
                + $"PSNR {row.Psnr:0.0} dB  SSIM loss {100 * row.SsimLoss:0.00} %, worst {100 * row.WorstSsimLoss:0.00} %  {row.Way}"
        );

    private static string Line(StepCacheBatchOutput row) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Clips} together: {row.Computed} of {row.Steps} steps  denoise {row.DenoiseSpeedup:0.00} x  "
                + $"all {row.BatchSpeedup:0.00} x  {row.MeanBatch:0.0} a step, {row.FullMeanBatch:0.0} without  {row.Way}"
        );
}
