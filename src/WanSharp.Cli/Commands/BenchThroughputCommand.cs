using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Output;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting;
using WanSharp.Hosting.Batches;
using WanSharp.Tensors;
using WanSharp.Tools.Throughput;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench throughput</c>: the same clips made one process each, and with ever more of the engine.</summary>
internal sealed class BenchThroughputCommand(CliEnvironment environment)
{
    // Clips of other batch sizes differ by rounding; below this a row would have made something else.
    private const double LeastSsim = 0.99;

    private readonly Option<ValueTuple<ThroughputWorkload?>> _workload = ChoiceOption.CreateNullable<ThroughputWorkload?>(
        "--workload",
        "Which jobs: seed (15, three clips five times each) or unique (16, no two alike).",
        ("both", null),
        ("seed", ThroughputWorkload.Seed),
        ("unique", ThroughputWorkload.Unique)
    );

    private readonly ModelOptions _model = new();
    private readonly Option<string> _provider = CommonOptions.Provider();
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchThroughputCommand(environment);
        var command = new Command(
            "throughput",
            "Make the same clips with one process per clip, then with a resident engine, batching and caches, and compare."
        )
        {
            self._workload,
            self._provider,
            self._threads,
            self._json,
        };
        self._model.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples("wan bench throughput", "wan bench throughput --workload unique --json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (model, parts) = _model.Read(parsed);
        var settings = new BackendSettings
        {
            Engine = new EngineSettings
            {
                Model = model,
                Parts = parts,
                Provider = parsed.GetValue(_provider)!,
                Threads = parsed.GetValue(_threads),
            },
        };
        var json = parsed.GetValue(_json);
        using var folder = WorkFolder.CreateTemporary();
        var bench = new ThroughputBench(environment.Host, settings, folder.Path, OwnProgram.Command);
        var rows = new List<ThroughputRow>();
        IReadOnlyList<ThroughputWorkload> workloads = parsed.GetValue(_workload).Item1 is { } one
            ? [one]
            : [ThroughputWorkload.Seed, ThroughputWorkload.Unique];
        foreach (var workload in workloads)
        {
            var serial = 0.0;
            await foreach (var row in bench.RunAsync(workload, cancellationToken))
            {
                serial = serial == 0 ? row.Seconds : serial;
                rows.Add(row);
                if (!json)
                {
                    environment.Out.WriteLine(Describe(row, serial));
                }
            }
        }

        var latency = await bench.MeasureLatencyAsync(cancellationToken);
        environment.Out.WriteLine(
            json
                ? Json(rows, latency)
                : string.Create(CultureInfo.InvariantCulture, $"a cached job, request to file: {latency * 1000:0.0} ms")
        );
        return rows.All(row => row.LeastSsim >= LeastSsim) ? ExitCode.Done : ExitCode.Failed;
    }

    private static string Describe(ThroughputRow row, double serial)
    {
        var overhead = row.Overhead is { } part ? string.Create(CultureInfo.InvariantCulture, $"{100 * part, 6:0.0} % over compute") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Workload, -7}{row.Mode, -32}{row.Seconds, 8:0.00} s{row.SecondsPerClip, 9:0.000} s per clip"
                + $"{serial / row.Seconds, 8:0.0} x  SSIM {row.LeastSsim:0.0000}{overhead}"
        );
    }

    private static string Json(List<ThroughputRow> rows, double latency) =>
        JsonText.Of(
            new ThroughputOutput(
                [
                    .. rows.Select(row => new ThroughputRowOutput(
                        row.Workload,
                        row.Mode,
                        row.Clips,
                        row.Seconds,
                        row.SecondsPerClip,
                        rows.First(first => first.Workload == row.Workload).Seconds / row.Seconds,
                        row.Overhead,
                        row.LeastSsim
                    )),
                ],
                latency
            )
        );
}
