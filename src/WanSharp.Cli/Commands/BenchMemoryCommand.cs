using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Models;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;
using WanSharp.Tools.Benchmarks.Memory;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench memory</c>: what memory and compilation cost.</summary>
internal sealed class BenchMemoryCommand(CliEnvironment environment)
{
    private const string PassName = "memory-pass";

    private static readonly (string Name, MemoryRow Row)[] Rows =
    [
        ("compile", MemoryRow.Compile),
        ("start", MemoryRow.Start),
        ("sizes", MemoryRow.Sizes),
        ("third", MemoryRow.Third),
        ("peak", MemoryRow.Peak),
        ("14b", MemoryRow.Large),
        ("failures", MemoryRow.Failures),
    ];

    private readonly Option<MemoryRow[]> _rows = new("--row")
    {
        Description = $"A row of the table; may be given several times. Default: all. 14b writes 14 GB of random weights.",
        HelpName = string.Join('|', Rows.Select(row => row.Name)),
        CustomParser = argument => [.. argument.Tokens.Select(token => ChoiceOption.Parse("--row", token.Value, argument, Rows))],
    };

    private readonly Option<string> _shape = WorkloadOptions.Shape(
        "The model whose dimensions the network has (14b and failures have their own); weights are random."
    );

    private readonly Option<int?> _layers = WorkloadOptions.Layers(
        "Number of blocks, to measure part of a network; 14b then counts as missed. Default: all."
    );
    private readonly Option<int> _runs = CountOption("--runs", "Timed forward passes of each kind.", 3);
    private readonly Option<int> _failures = CountOption("--failures", "How many allocations to let fail, each in its own clip.", 200);
    private readonly Option<bool> _keep = new("--keep") { Description = "Keep the random weights of 14b." };
    private readonly Option<string?> _baseline = new("--baseline")
    {
        Description = "A saved --json report to compare with; exit code 1 if a ratio is worse.",
        HelpName = "FILE",
    };
    private readonly Option<double> _tolerance = new("--tolerance")
    {
        Description = "How much worse than the baseline a ratio may be, as a fraction.",
        HelpName = "X",
        DefaultValueFactory = _ => Baseline.DefaultTolerance,
    };
    private readonly Option<string?> _report = new("--report")
    {
        Description = "Write the table with charts as an HTML file.",
        HelpName = "FILE",
    };
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchMemoryCommand(environment);
        var command = new Command("memory", "Measure what memory and compilation cost: compiling, starting, limits, failures.")
        {
            self._rows,
            self._shape,
            self._layers,
            self._runs,
            self._failures,
            self._keep,
            self._baseline,
            self._tolerance,
            self._report,
            self._threads,
            self._json,
        };
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan bench memory --row compile --row third",
            "wan bench memory --row failures --json",
            "wan bench memory --baseline memory.json --report memory.html"
        );
    }

    /// <summary>One process's part of a row; not for people.</summary>
    public static Command BuildPass(CliEnvironment environment)
    {
        var threads = CommonOptions.Threads();
        var command = new Command(PassName, "Run the forward passes that `wan bench memory` measures in separate processes.") { threads };
        command.Hidden = true;
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using var runtime = environment.Host.OpenRuntime(parsed.GetValue(threads));
                using var input = new StreamReader(environment.Input);
                environment.Out.WriteLine(await new MemoryBenchmark(runtime, environment.Clock).RunPassAsync(input, cancellationToken));
                return ExitCode.Done;
            }
        );
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var baseline = parsed.GetValue(_baseline) is { } file ? MemoryReport.Read(file) : null;
        var threads = parsed.GetValue(_threads) ?? Environment.ProcessorCount;
        using var runtime = environment.Host.OpenRuntime(threads);
        using var model = environment.Host.OpenModel(ModelLocator.DefaultModel);
        var options = new MemoryBenchmarkOptions
        {
            Shape = parsed.GetValue(_shape)!,
            Layers = parsed.GetValue(_layers),
            Runs = parsed.GetValue(_runs),
            Failures = parsed.GetValue(_failures),
            KeepsLargeWeights = parsed.GetValue(_keep),
            CacheFolder = environment.Host.Options.CacheFolder,
            PassCommand = [.. OwnProgram.Command, "bench", PassName, "--threads", $"{threads}"],
            FailureModel = model,
        };
        if (parsed.GetValue(_rows) is { Length: > 0 } rows)
        {
            options = options with { Rows = rows };
        }

        var report = await new MemoryBenchmark(runtime, environment.Clock).RunAsync(
            options,
            new StatusLine(environment),
            cancellationToken
        );
        environment.Out.WriteLine(parsed.GetValue(_json) ? report.ToJson() : MemoryText.Describe(report));
        if (parsed.GetValue(_report) is { } page)
        {
            AtomicFile.Write(page, MemoryPage.Write(report));
        }

        var changes = baseline is null ? [] : report.CompareTo(baseline, parsed.GetValue(_tolerance));
        if (changes.Count > 0)
        {
            environment.Error.WriteLine(BenchmarkText.Describe(changes));
        }

        return report.Rows.All(row => row.IsReached) && !changes.Any(change => change.IsWorse) ? ExitCode.Done : ExitCode.Failed;
    }

    private static Option<int> CountOption(string name, string description, int count)
    {
        var option = new Option<int>(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => count,
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError($"{name} takes 1 or more.");
            }
        });
        return option;
    }
}
