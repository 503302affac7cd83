using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench experts</c>: what changing between two experts costs.</summary>
internal sealed class BenchExpertsCommand(CliEnvironment environment)
{
    private readonly WorkloadOptions _workload = new(
        environment,
        BenchmarkSubject.Dit,
        "The model whose dimensions each expert has; weights are random.",
        "How many times the experts change.",
        hasLayers: true
    );

    private readonly Option<DType> _weights = ChoiceOption.Create(
        "--weights",
        "The weights' type on disk.",
        ("BF16", DType.BF16),
        ("F16", DType.F16),
        ("F32", DType.F32)
    );

    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchExpertsCommand(environment);
        var command = new Command(
            "experts",
            "Measure what changing experts costs: a denoise step after the same and after the other expert, and the memory of both."
        )
        {
            self._weights,
            self._threads,
            self._json,
        };
        self._workload.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan bench experts", "wan bench experts --shape 14b --layers 4 --weights F16 --json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = _workload.Read(parsed) with { Weights = parsed.GetValue(_weights) };
        using var runtime = environment.Host.OpenRuntime(parsed.GetValue(_threads));
        var report = await new ExpertBenchmark(runtime).RunAsync(options, new StatusLine(environment), cancellationToken);
        environment.Out.WriteLine(parsed.GetValue(_json) ? JsonText.Of(Output(report)) : Describe(report));
        return ExitCode.Done;
    }

    private static string Describe(ExpertReport report) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {report.Workload}: two experts of {ByteSize.Text(report.CheckpointBytes)}
              step            {report.Step.Median:0.000} s median of {report.Step.Runs}, after one of the same expert
              change          {report.SwitchStep.Median:0.000} s median, after one of the other: {100
                * report.SwitchShare:0.0} % of a step more
              memory          {(report.PeakPrivateBytes is { } bytes ? ByteSize.Text(bytes) : "unknown")} private at most
            """
        );

    private static ExpertsOutput Output(ExpertReport report) =>
        new(
            report.Workload,
            report.Step.Median,
            report.SwitchStep.Median,
            report.SwitchShare,
            report.Step.Runs,
            report.CheckpointBytes,
            report.PeakPrivateBytes
        );
}
