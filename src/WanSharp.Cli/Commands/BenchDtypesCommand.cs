using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench dtypes</c>: what each type of weights costs and what it loses.</summary>
internal sealed class BenchDtypesCommand(CliEnvironment environment)
{
    private readonly WorkloadOptions _workload = new(
        environment,
        BenchmarkSubject.Dit,
        "The model whose dimensions the transformer has; weights are random.",
        runs: null,
        defaultSide: 128
    );
    private readonly Option<string[]> _weights = new("--weights")
    {
        Description = "The types to measure; may be given several times. Default: all.",
        HelpName = "TYPE",
        DefaultValueFactory = _ => [],
    };
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchDtypesCommand(environment);
        self._weights.AcceptOnlyFromAmong([.. WorkloadOptions.WeightTypes.Select(type => type.Name)]);
        var command = new Command(
            "dtypes",
            "Measure the transformer with weights of each type: file, start, speed and memory, and how far the result is from F32's."
        )
        {
            self._weights,
            self._threads,
            self._json,
        };
        self._workload.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan bench dtypes", "wan bench dtypes --weights Q8_0 --weights Q4_K --size 256x256 --json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var asked = parsed.GetValue(_weights)!;
        var threads = parsed.GetValue(_threads) ?? Environment.ProcessorCount;
        var options = _workload.Read(parsed);
        using var runtime = environment.Host.OpenRuntime(threads);
        var rows = new List<DtypeOutput>();
        WriteHead(parsed.GetValue(_json));
        foreach (var (name, dtype) in WorkloadOptions.WeightTypes.Where(type => asked.Length == 0 || asked.Contains(type.Name)))
        {
            var ofType = options with { Weights = dtype };
            var cost = await new DtypeBenchmark(runtime).RunAsync(ofType, new StatusLine(environment), cancellationToken);
            DtypeBenchmark.ForgetWeights(ofType, cancellationToken);
            var first = await StartAsync(ofType, name, threads, cancellationToken);
            var second = await StartAsync(ofType, name, threads, cancellationToken);
            rows.Add(Output(cost, first, second));
            WriteRow(parsed.GetValue(_json), cost, first, second);
        }

        if (parsed.GetValue(_json))
        {
            environment.Out.WriteLine(JsonText.Of<IReadOnlyList<DtypeOutput>>(rows));
        }

        return ExitCode.Done;
    }

    /// <summary>A new process, which has nothing in memory.</summary>
    private static async Task<StartReport> StartAsync(
        BenchmarkOptions options,
        string weights,
        int threads,
        CancellationToken cancellationToken
    )
    {
        var invariant = CultureInfo.InvariantCulture;
        string[] line =
        [
            .. OwnProgram.Command,
            "bench",
            "dit",
            "--start-only",
            "--json",
            "--shape",
            options.Shape,
            "--weights",
            weights,
            "--frames",
            options.Frames.ToString(invariant),
            "--size",
            string.Create(invariant, $"{options.Width}x{options.Height}"),
            "--threads",
            threads.ToString(invariant),
        ];
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true };
        start.Environment["WAN_CACHE"] = options.CacheFolder;
        using var process = Process.Start(start)!;
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == ExitCode.Done
                ? StartReport.FromJson(output)
                : throw new BenchmarkException(
                    $"The process that was to measure a start with weights in {weights} failed; it says why above."
                );
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private void WriteHead(bool asJson)
    {
        if (!asJson)
        {
            environment.Out.WriteLine(
                $"{"weights", -10}{"file", 10}{"first start", 13}{"second start", 14}"
                    + $"{"forward", 10}{"× F32", 8}{"private", 10}{"difference", 12}"
            );
        }
    }

    private void WriteRow(bool asJson, DtypeCost cost, StartReport first, StartReport second)
    {
        if (!asJson)
        {
            environment.Out.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{cost.Type, -10}{ByteSize.Text(cost.FileBytes), 10}{first.Seconds, 11:0.00} s{second.Seconds, 12:0.00} "
                        + $"s{cost.Seconds.Median, 8:0.00} s{cost.TimesF32, 8:0.00}{ByteSize.Text(second.PeakPrivateBytes ?? 0), 10}"
                        + $"{cost.Difference.Relative, 12:0.0e+0}"
                )
            );
        }
    }

    private static DtypeOutput Output(DtypeCost cost, StartReport first, StartReport second) =>
        new(
            cost.Type,
            cost.FileBytes,
            first.Seconds,
            second.Seconds,
            cost.Seconds.Median,
            cost.TimesF32,
            second.PeakPrivateBytes,
            cost.Difference.Relative
        );
}
