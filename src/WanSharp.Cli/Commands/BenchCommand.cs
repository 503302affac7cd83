using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Tools.Benchmarks;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench</c>: the tables of docs/benchmarks.md.</summary>
internal sealed class BenchCommand(CliEnvironment environment)
{
    private const string Torch = "torch";

    private readonly Argument<BenchmarkSubject> _network = ChoiceOption.CreateArgument(
        "network",
        "dit: a denoise step of one branch; vae: decoding a clip; text: encoding a prompt.",
        ("dit", BenchmarkSubject.Dit),
        ("vae", BenchmarkSubject.Vae),
        ("text", BenchmarkSubject.Text)
    );

    private readonly WorkloadOptions _workload = new(
        environment,
        BenchmarkSubject.Dit,
        "The model whose dimensions the network has; weights are random.",
        "Timed forward passes.",
        hasLayers: true
    );
    private readonly Option<int?> _textTokens = NumberOption.Create<int>(
        "--text-tokens",
        "Tokens in the prompt (dit only); the rest is padding. Default: no padding.",
        "N"
    );
    private readonly Option<CompileMode> _mode = ChoiceOption.Create(
        "--mode",
        "How the transformer is split into compiled graphs: block by block, or whole with its weights packed.",
        ("blocks", CompileMode.Blocks),
        ("whole", CompileMode.Whole)
    );

    private readonly Option<ValueTuple<Precision?>> _precision = CommonOptions.PrecisionOption();

    private readonly Option<DType> _weights = ChoiceOption.Create("--weights", "The weights' type on disk.", WorkloadOptions.WeightTypes);

    private readonly Option<int?> _resident = NumberOption.Create<int>(
        "--resident-blocks",
        "How many blocks stay in the memory that computes (dit only); the others come in for each pass. Default: all.",
        "N"
    );
    private readonly Option<bool> _startOnly = new("--start-only")
    {
        Description = "Measure only the process's first forward pass and its memory.",
    };
    private readonly Option<string> _peer = ChoiceOption.Create(
        "--peer",
        "Also run the same network with this peer, alternating with ours, and compare.",
        ("none", "none"),
        (Torch, Torch)
    );
    private readonly Option<string?> _baseline = new("--baseline")
    {
        Description = "A saved --json report to compare with; exit code 1 if a ratio is worse.",
        HelpName = "FILE",
    };
    private readonly Option<double?> _tolerance = NumberOption.Create<double>(
        "--tolerance",
        "How much worse a ratio may be, as a fraction. Default: the baseline's, or 0.1.",
        "X"
    );
    private readonly Option<string> _provider = CommonOptions.Provider();
    private readonly Option<IReadOnlyDictionary<string, string>> _providerOptions = CommonOptions.ProviderOptions();
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchCommand(environment);
        var command = new Command(
            "bench",
            "Measure a network's speed and memory on random weights, compared with this machine's peak and PyTorch."
        )
        {
            self._network,
            self._textTokens,
            self._mode,
            self._precision,
            self._weights,
            self._resident,
            self._startOnly,
            self._peer,
            self._baseline,
            self._tolerance,
            self._provider,
            self._providerOptions,
            self._threads,
            self._json,
            BenchQualityCommand.Build(environment),
            BenchReuseCommand.Build(environment),
            BenchDriftCommand.Build(environment),
            BenchPresetsCommand.Build(environment),
            BenchStepCacheCommand.Build(environment),
            BenchThroughputCommand.Build(environment),
        };
        command.Subcommands.Add(BenchPlanCommand.Build(environment));
        command.Subcommands.Add(BenchExpertsCommand.Build(environment));
        command.Subcommands.Add(BenchLoraCommand.Build(environment));
        command.Subcommands.Add(BenchDtypesCommand.Build(environment));
        command.Subcommands.Add(BenchDecodersCommand.Build(environment));
        command.Subcommands.Add(BenchEndToEndCommand.Build(environment));
        command.Subcommands.Add(BenchMemoryCommand.Build(environment));
        command.Subcommands.Add(BenchMemoryCommand.BuildPass(environment));
        self._workload.AddTo(command);
        Require(self._textTokens, tokens => tokens is null or >= 0, "--text-tokens takes 0 or more.");
        Require(self._resident, blocks => blocks is null or >= 0, "--resident-blocks takes 0 or more.");
        Require(
            self._tolerance,
            tolerance => tolerance is null or (>= 0 and < 1),
            "--tolerance takes a fraction from 0 up to, but not including, 1."
        );
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan bench dit --shape 1.3b --size 256x256 --frames 17 --peer torch",
            "wan bench dit --shape 1.3b --precision int8 --peer torch",
            "wan bench dit --shape 14b --layers 4 --mode whole",
            "wan bench dit --shape 14b --layers 8 --resident-blocks 2",
            "wan bench vae --peer torch --json",
            "wan bench vae --peer torch --baseline vae.json"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var baseline = parsed.GetValue(_baseline) is { } file ? BenchmarkReport.Read(file) : null;
        var threads = parsed.GetValue(_threads) ?? Environment.ProcessorCount;
        using var runtime = environment.Host.OpenRuntime(threads);
        var benchmark = new Benchmark(runtime, threads, environment.Clock);
        var options = Options(parsed) with
        {
            Session = environment.Host.SettingsFor(runtime, parsed.GetValue(_provider)!, parsed.GetValue(_providerOptions)!),
        };
        if (parsed.GetValue(_startOnly))
        {
            var start = await benchmark.StartAsync(options, new StatusLine(environment), cancellationToken);
            environment.Out.WriteLine(parsed.GetValue(_json) ? start.ToJson() : BenchmarkText.Describe(start));
            return ExitCode.Done;
        }

        var report = await benchmark.RunAsync(options, new StatusLine(environment), cancellationToken);
        environment.Out.WriteLine(parsed.GetValue(_json) ? report.ToJson() : BenchmarkText.Describe(report));
        if (baseline is null)
        {
            return ExitCode.Done;
        }

        var changes = Baseline.Compare(baseline, report, parsed.GetValue(_tolerance));
        environment.Error.WriteLine(BenchmarkText.Describe(changes));
        return changes.Any(change => change.IsWorse) ? ExitCode.Failed : ExitCode.Done;
    }

    private BenchmarkOptions Options(ParseResult parsed) =>
        _workload.Read(parsed) with
        {
            Subject = parsed.GetValue(_network),
            TextTokens = parsed.GetValue(_textTokens),
            Mode = parsed.GetValue(_mode),
            Precision = parsed.GetValue(_precision).Item1 ?? Precision.Full,
            Weights = parsed.GetValue(_weights),
            ResidentBlocks = parsed.GetValue(_resident),
            PeerPython = parsed.GetValue(_peer) == Torch ? environment.Variable("WAN_PYTHON") ?? "python3" : null,
        };

    private static void Require<T>(Option<T> option, Func<T?, bool> holds, string rule) =>
        option.Validators.Add(result =>
        {
            if (!holds(result.GetValueOrDefault<T>()))
            {
                result.AddError(rule);
            }
        });
}
