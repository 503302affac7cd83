using System.CommandLine;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Tools.Quality;
using static System.FormattableString;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench quality</c>: what a precision costs, on decoded clips.</summary>
internal sealed class BenchQualityCommand(CliEnvironment environment)
{
    private const int MostClips = 10_000;

    private readonly Option<Precision> _precision = ChoiceOption.Create(
        "--precision",
        "The precision whose clips are compared with those in fp32.",
        [.. Precision.All.Where(one => one != Precision.Full).OrderBy(one => one != Precision.EightBit).Select(one => (one.Name, one))]
    );

    private readonly Option<int> _clips = new("--clips")
    {
        Description = "Number of clips for each precision. Default: 20.",
        HelpName = "N",
        DefaultValueFactory = _ => 20,
    };
    private readonly ModelOptions _model = new();
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchQualityCommand(environment);
        var command = new Command("quality", "Compare clips made with a precision to those in fp32: PSNR and SSIM of the decoded frames.")
        {
            self._precision,
            self._clips,
            self._threads,
            self._json,
        };
        self._clips.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var clips and (< 1 or > MostClips))
            {
                result.AddError($"--clips {clips} is outside 1 to {MostClips}: the nearest is {Math.Clamp(clips, 1, MostClips)}.");
            }
        });
        self._model.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan bench quality --precision int8 --clips 20",
            "wan bench quality --precision fp16",
            "wan bench quality --model shapes --json"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var json = parsed.GetValue(_json);
        using var model = _model.Open(parsed, environment.Host);
        using var runtime = environment.Host.OpenRuntime(parsed.GetValue(_threads));
        var loss = new PrecisionLoss(
            model,
            runtime,
            new(),
            environment.Host.TransformerOptions(Quantization.None),
            parsed.GetValue(_precision)!
        );
        var clips = new List<ClipLoss>();
        await foreach (var clip in loss.MeasureAsync(parsed.GetValue(_clips), cancellationToken))
        {
            clips.Add(clip);
            if (!json)
            {
                environment.Out.WriteLine(
                    Invariant($"{clip.Quality.Psnr, 6:0.00} dB  SSIM {clip.Quality.Ssim:0.0000}  seed {clip.Seed, -4} {clip.Prompt}")
                );
            }
        }

        var mean = FrameQuality.Mean([.. clips.Select(clip => clip.Quality)]);
        var least = clips.Min(clip => clip.Quality.Ssim);
        environment.Out.WriteLine(
            json
                ? Json(clips, mean, least)
                : Invariant($"{clips.Count} clips: PSNR {mean.Psnr:0.00} dB, SSIM {mean.Ssim:0.0000} on average, lowest {least:0.0000}")
        );
        return ExitCode.Done;
    }

    private static string Json(IEnumerable<ClipLoss> clips, FrameQuality mean, double least) =>
        JsonText.Of(
            new QualityOutput(
                Finite(mean.Psnr),
                mean.Ssim,
                least,
                [.. clips.Select(clip => new ClipLossOutput(clip.Prompt, clip.Seed, Finite(clip.Quality.Psnr), clip.Quality.Ssim))]
            )
        );

    /// <summary>JSON has no infinity: null says that clips are equal.</summary>
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
