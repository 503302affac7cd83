using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Media.Images;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;
using WanSharp.Tools.Profile;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan profile</c>: where the time and the bytes of a clip go.</summary>
internal sealed class ProfileCommand(CliEnvironment environment)
{
    private const int MostClips = 64;
    private const int MostRuns = 100;
    private const int UsualRuns = 3;

    private readonly GenerateOptions _request = new();
    private readonly EngineSettingOptions _engine = new();

    private readonly Option<int?> _batch = BatchOptions.Count("--batch", "Number of clips to make together. Default: 1.", MostClips);

    private readonly Option<int?> _runs = BatchOptions.Count(
        "--runs",
        $"How often they are made, with and without being recorded. Default: {UsualRuns}.",
        MostRuns
    );

    private readonly Option<bool> _operators = new("--no-operators")
    {
        Description = "Leave out ONNX Runtime's own profile of operators, which takes a run more.",
    };

    private readonly Option<string?> _report = new("--report")
    {
        Description = "Write a page with a flame graph, lanes over time, memory and roofs.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _trace = new("--trace") { Description = "Write a trace for Chrome or Perfetto.", HelpName = "FILE" };

    private readonly Option<string?> _speedscope = new("--speedscope")
    {
        Description = "Write a profile for speedscope.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new ProfileCommand(environment);
        var command = new Command("profile", "Say where the time and the bytes of a clip go: stages, steps, blocks, graphs, operators.")
        {
            self._batch,
            self._runs,
            self._operators,
            self._report,
            self._trace,
            self._speedscope,
            self._json,
        };
        self._engine.AddTo(command);
        self._request.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan profile \"a red circle moving left\"",
            "wan profile \"a red circle moving left\" --report profile.html",
            "wan profile \"a red circle\" --trace trace.json --speedscope spans.json",
            "wan profile \"a red circle moving left\" --batch 4 --steps 4 --json"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var ffmpeg = environment.Host.FindFfmpeg();
        var request = await _request.ReadAsync(
            parsed,
            environment.Input,
            (file, token) => ImageReader.ReadAsync(ffmpeg, file, token),
            cancellationToken
        );
        var options = new ProfileOptions
        {
            Request = request,
            Engine = _engine.Read(parsed),
            Clips = parsed.GetValue(_batch) ?? 1,
            Runs = parsed.GetValue(_runs) ?? UsualRuns,
            Operators = !parsed.GetValue(_operators),
        };
        foreach (var file in new[] { _report, _trace, _speedscope }.Select(parsed.GetValue).OfType<string>())
        {
            AtomicFile.Require(file);
        }

        var report = await new ModelProfiler(environment.Host, options).RunAsync(new StatusLine(environment), cancellationToken);
        if (parsed.GetValue(_report) is { } page)
        {
            AtomicFile.Write(page, ProfilePage.Write(report));
        }

        if (parsed.GetValue(_trace) is { } trace)
        {
            AtomicFile.Write(trace, ProfileFiles.ChromeTrace(report));
        }

        if (parsed.GetValue(_speedscope) is { } speedscope)
        {
            AtomicFile.Write(speedscope, ProfileFiles.Speedscope(report));
        }

        environment.Out.WriteLine(parsed.GetValue(_json) ? JsonText.Of(Output(report)) : Describe(report));
        return ExitCode.Done;
    }

    private static string Describe(ProfileReport report)
    {
        List<string> lines = [report.Title];
        foreach (var stage in report.Stages)
        {
            lines.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{stage.Stage, -10} {stage.Seconds, 8:0.000} s  kernels {stage.ExpectedSeconds, 8:0.000} s  "
                        + $"{stage.Rate / 1e9, 7:0.0} GFLOP/s  {stage.Intensity, 6:0.0} FLOP a byte"
                )
            );
        }

        lines.Add("");
        lines.AddRange(Flames(report.Flame, report.Flame.Seconds, depth: 0));
        if (report.Operators.Count > 0)
        {
            lines.Add("");
            lines.AddRange(report.Kinds.Select(Line));
            lines.Add("");
            lines.AddRange(report.Layers.Take(8).Select(Line));
            lines.Add("");
            lines.AddRange(report.Operators.Take(8).Select(Line));
        }

        lines.Add("");
        lines.Add(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{report.Clips} clips in {report.Seconds:0.000} s; lanes idle {report.IdleSeconds:0.000} s, blocks waited for weights "
                    + $"{report.WaitSeconds:0.000} s; recording took {100 * report.Overhead:0.0} % longer"
            )
        );
        return string.Join(Environment.NewLine, lines.Select(PlainText.OneLine));
    }

    private static IEnumerable<string> Flames(FlameNode node, double all, int depth)
    {
        const int Deepest = 3;
        const int Widest = 6;
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{node.Seconds, 8:0.000} s {100 * node.Seconds / Math.Max(all, 1e-9), 5:0.0} %  "
                + $"{new string(' ', 2 * depth)}{node.Name} × {node.Count}"
        );
        foreach (var child in depth < Deepest ? node.Children.Take(Widest) : [])
        {
            foreach (var line in Flames(child, all, depth + 1))
            {
                yield return line;
            }
        }
    }

    private static string Line(OperatorShare share) =>
        string.Create(CultureInfo.InvariantCulture, $"{share.Seconds, 8:0.000} s {100 * share.Share, 5:0.0} %  {share.Operator}");

    private static ProfileOutput Output(ProfileReport report) =>
        new(
            report.Title,
            report.Clips,
            Math.Round(report.Seconds, 6),
            Math.Round(report.Overhead, 4),
            Math.Round(report.IdleSeconds, 6),
            Math.Round(report.WaitSeconds, 6),
            report.PeakOperations,
            report.Roofs,
            report.PeakBytes,
            [
                .. report.Stages.Select(stage => new StageProfileOutput(
                    stage.Stage,
                    Math.Round(stage.Seconds, 6),
                    Math.Round(stage.ExpectedSeconds, 6),
                    stage.Operations,
                    stage.PeakOperations,
                    stage.Bytes
                )),
            ],
            [.. report.Spans.Select(span => new SpanOutput(span.Name, span.Lane, Math.Round(span.Start, 6), Math.Round(span.Seconds, 6)))],
            report.Memory.Select(sample => sample.Process).DefaultIfEmpty().Max(),
            report.Memory.Select(sample => sample.Library).DefaultIfEmpty().Max(),
            report.Layers,
            report.Operators
        );
}
