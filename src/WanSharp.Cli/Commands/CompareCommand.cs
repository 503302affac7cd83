using System.CommandLine;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Media.Clips;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Tools.Compare;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan compare</c>: how near clips are to others.</summary>
internal sealed class CompareCommand(CliEnvironment environment)
{
    private const int MostFrames = 1 << 20;

    private readonly Argument<string> _actual = new("clip") { Description = "The clip to evaluate, or a folder of clips." };
    private readonly Argument<string> _expected = new("reference")
    {
        Description = "What it is compared with: a clip, or a folder, whose clips are found by their settings or names.",
    };
    private readonly Option<string[]> _lpips = new("--lpips")
    {
        Description =
            "Measure LPIPS, too: torchvision's alexnet or vgg16 and the original alex.pth or vgg.pth (give the option twice), or one file "
            + "with both.",
        HelpName = "FILE",
    };
    private readonly Option<string?> _report = new("--report")
    {
        Description = "Write a page with frames side by side, differences and curves.",
        HelpName = "FILE",
    };
    private readonly Option<int?> _frames = BatchOptions.Count("--frames", "Compare the first N frames only. Default: all.", MostFrames);
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new CompareCommand(environment);
        var command = new Command(
            "compare",
            "Compare two clips, or the clips of two folders: PSNR, SSIM, MS-SSIM, flicker, motion; LPIPS with its weights, VMAF where "
                + "ffmpeg has it."
        )
        {
            self._actual,
            self._expected,
            self._lpips,
            self._report,
            self._frames,
            self._threads,
            self._json,
        };
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan compare int8.mp4 full.mp4",
            "wan compare out-int8/ out/ --report differences.html",
            "wan compare a.webp b.webp --lpips alexnet.pth --lpips alex.pth --json"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_report) is { } place)
        {
            OwnInputs.Spare(place, "report", [parsed.GetValue(_actual), parsed.GetValue(_expected)]);
            AtomicFile.Require(place);
        }

        var ffmpeg = environment.Host.FindFfmpeg();
        var pairs = await ClipPairs.FindAsync(ffmpeg, parsed.GetValue(_actual)!, parsed.GetValue(_expected)!, cancellationToken);
        using var weights = parsed.GetValue(_lpips) is { Length: > 0 } files ? PerceptualWeights.Open(files) : null;
        using var runtime = weights is null ? null : environment.Host.OpenRuntime(parsed.GetValue(_threads));
        var vmaf = await VmafJudge.IsThereAsync(ffmpeg, cancellationToken) ? ffmpeg : null;
        var json = parsed.GetValue(_json);
        var compared = new List<ComparedClips>();
        foreach (var pair in pairs.Pairs)
        {
            var one = await CompareAsync(parsed, pair, runtime, weights, (ffmpeg, vmaf), cancellationToken);
            compared.Add(one);
            if (vmaf is not null && one.Vmaf is null && compared.TrueForAll(other => other == one || other.Vmaf is not null))
            {
                environment.Error.WriteLine("VMAF is left out: ffmpeg compares whole clips (no --frames), and none in .webp.");
            }

            if (!json)
            {
                environment.Out.WriteLine(ComparisonText.Describe(one, pairs.Pairs.Count > 1));
            }
        }

        if (parsed.GetValue(_report) is { } report)
        {
            AtomicFile.Write(report, ComparisonPage.Write(compared, pairs.Alone));
        }

        environment.Out.WriteLine(
            json
                ? JsonText.Of(new ComparedClipsOutput([.. compared.Select(ComparisonText.Output)], pairs.Alone))
                : ComparisonText.Summary(compared, pairs.Alone)
        );
        return ExitCode.Done;
    }

    private async Task<ComparedClips> CompareAsync(
        ParseResult parsed,
        ClipPair pair,
        OrtRuntime? runtime,
        PerceptualWeights? weights,
        (string? Ffmpeg, string? Vmaf) programs,
        CancellationToken cancellationToken
    )
    {
        var most = parsed.GetValue(_frames);
        var strip = parsed.GetValue(_report) is null ? null : new FrameStrip();
        var place = 0;
        var result = await new ClipComparer(runtime, weights).CompareAsync(
            (pair.Actual, VideoReader.ReadAsync(programs.Ffmpeg, pair.Actual, cancellationToken)),
            (pair.Expected, VideoReader.ReadAsync(programs.Ffmpeg, pair.Expected, cancellationToken)),
            most,
            (actual, expected, _) => strip?.Add(place++, actual, expected),
            cancellationToken
        );
        double? vmaf =
            programs.Vmaf is { } judge && most is null && Videos(pair)
                ? await VmafJudge.MeasureAsync(judge, pair.Actual, pair.Expected, cancellationToken)
                : null;
        return new ComparedClips(pair, result, vmaf, strip);
    }

    /// <summary>Whether ffmpeg reads both clips: it does not read animated WebP.</summary>
    private static bool Videos(ClipPair pair) =>
        !new[] { pair.Actual, pair.Expected }.Any(file => Path.GetExtension(file).Equals(".webp", StringComparison.OrdinalIgnoreCase));
}
