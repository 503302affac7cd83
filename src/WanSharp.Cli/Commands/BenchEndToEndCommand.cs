using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;
using static System.FormattableString;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench end-to-end</c>: a clip from prompt to file, slow and fast.</summary>
internal sealed class BenchEndToEndCommand(CliEnvironment environment)
{
    private readonly Option<string> _shape = ChoiceOption.Create(
        "--shape",
        "Whose dimensions the networks have; their weights are random.",
        [.. BenchmarkOptions.ShapeNames.Select(name => (name, name))]
    );

    private readonly Option<ClipSize?> _size = SizeOption.Create("Width and height of the clip in pixels. Default: 256x256.");
    private readonly Option<int?> _frames = NumberOption.Create<int>("--frames", "Frames of the clip: 4n+1. Default: 17.", "N");
    private readonly Option<int?> _layers = NumberOption.Create<int>(
        "--layers",
        "Blocks of the transformer and the text encoder, to try it out. Default: all.",
        "N"
    );
    private readonly Option<int?> _measured = NumberOption.Create<int>(
        "--measured-steps",
        "How many of the slow way's 50 steps are run; the rest are extrapolated. Default: 4; 50 runs all.",
        "N"
    );
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchEndToEndCommand(environment);
        var command = new Command(
            "end-to-end",
            "Make a clip of random weights from prompt to file in two ways: F32, 50 guided steps and the VAE; 8-bit integers, 4 steps "
                + "and a tiny decoder."
        )
        {
            self._shape,
            self._size,
            self._frames,
            self._layers,
            self._measured,
            self._threads,
            self._json,
        };
        self._measured.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < 3)
            {
                result.AddError("--measured-steps takes 3 or more: the first and the last step of a clip are not like the others.");
            }
        });
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan bench end-to-end", "wan bench end-to-end --shape 1.3b --measured-steps 50 --json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = new EndToEndOptions { Shape = parsed.GetValue(_shape)!, Threads = parsed.GetValue(_threads) };
        var size = parsed.GetValue(_size) ?? new ClipSize(options.Width, options.Height);
        options = options with
        {
            Width = size.Width,
            Height = size.Height,
            Frames = parsed.GetValue(_frames) ?? options.Frames,
            Layers = parsed.GetValue(_layers),
            MeasuredSteps = parsed.GetValue(_measured) ?? options.MeasuredSteps,
        };
        var report = await new EndToEndBenchmark(environment.Host).RunAsync(options, new StatusLine(environment), cancellationToken);
        var asJson = parsed.GetValue(_json);
        environment.Out.WriteLine(asJson ? JsonText.Of(Output(report)) : string.Join(Environment.NewLine, Lines(report)));
        return ExitCode.Done;
    }

    private static IEnumerable<string> Lines(EndToEndReport report)
    {
        yield return Invariant($"{report.Workload}, text encoder of {report.TextParameters / 1e9:0.00} billion numbers");
        yield return $"{"way", -20}{"load", 9}{"text", 9}{"steps", 11}{"a step", 10}{"decode", 9}{"write", 8}{"in all", 11}"
            + $"{"processors", 13}{"private", 11}";
        foreach (var row in new[] { report.Full, report.Few })
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Way, -20}{row.LoadSeconds, 7:0.0} s{row.TextSeconds, 7:0.0} s{row.DenoiseSeconds, 9:0.0} s"
                    + $"{row.StepSeconds, 8:0.00} s{row.DecodeSeconds, 7:0.0} s{row.WriteSeconds, 6:0.0} s{row.TotalSeconds, 9:0.0} s"
                    + $"{row.ProcessorSeconds, 11:0.0} s{ByteSize.Text(row.PeakPrivateBytes ?? 0), 11}"
            );
        }

        foreach (var row in new[] { report.Full, report.Few }.Where(row => row.MeasuredSteps < row.Steps))
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Way}: {row.MeasuredSteps} of {row.Steps} steps were made; the others are taken to last as long as the median of "
                    + $"those but the first and the last"
            );
        }

        yield return Invariant(
            $"the fast way is {report.Ratio:0.0} times as fast, and takes the processors {report.ProcessorRatio:0.0} times less"
        );
        yield return Invariant($"a preview by latents' colours: {1e3 * report.PreviewSeconds:0.00} ms, {report.PreviewShare:P3} of a step");
    }

    private static EndToEndOutput Output(EndToEndReport report) =>
        new(report.Workload, report.TextParameters, report.Full, report.Few, report.Ratio, report.ProcessorRatio, report.PreviewSeconds);
}
