using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
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
        "dit: a step of one branch; vae: a clip's decoding; text: a prompt.",
        ("dit", BenchmarkSubject.Dit),
        ("vae", BenchmarkSubject.Vae),
        ("text", BenchmarkSubject.Text)
    );

    private readonly Option<string> _shape = ChoiceOption.Create(
        "--shape",
        "Whose dimensions the network has; its weights are random.",
        [.. BenchmarkOptions.ShapeNames.Select(name => (name, name))]
    );

    private readonly Option<ClipSize?> _size = SizeOption.Create("Width and height of the clip in pixels. Default: 256x256.");
    private readonly Option<int?> _frames = NumberOption.Create<int>("--frames", "Frames of the clip: 4n+1. Default: 17.", "N");
    private readonly Option<int?> _layers = NumberOption.Create<int>(
        "--layers",
        "Blocks, to measure a part of a network that is too large here. Default: all.",
        "N"
    );
    private readonly Option<int?> _textTokens = NumberOption.Create<int>(
        "--text-tokens",
        "Tokens of the prompt, for dit; padding follows. Default: no padding.",
        "N"
    );
    private readonly Option<int?> _runs = NumberOption.Create<int>("--runs", "Timed forward passes. Default: 3.", "N");

    private readonly Option<CompileMode> _mode = ChoiceOption.Create(
        "--mode",
        "How the transformer is split into compiled graphs: block by block, or whole with its weights packed.",
        ("blocks", CompileMode.Blocks),
        ("whole", CompileMode.Whole)
    );

    private readonly Option<Quantization> _precision = CommonOptions.PrecisionOption();

    private readonly Option<DType> _weights = ChoiceOption.Create(
        "--weights",
        "The weights' type on disk.",
        ("F32", DType.F32),
        ("F16", DType.F16),
        ("BF16", DType.BF16),
        ("F8", DType.F8E4M3),
        ("Q8_0", DType.Q80),
        ("Q4_K", DType.Q4K)
    );

    private readonly Option<bool> _startOnly = new("--start-only")
    {
        Description = "Measure the process's first forward pass and its memory, and nothing else.",
    };
    private readonly Option<string> _peer = ChoiceOption.Create(
        "--peer",
        "A peer that runs the same network in turn with ours.",
        ("none", "none"),
        (Torch, Torch)
    );
    private readonly Option<string?> _baseline = new("--baseline")
    {
        Description = "A saved --json report: exit code 1 when a ratio is worse than in it.",
        HelpName = "FILE",
    };
    private readonly Option<double?> _tolerance = NumberOption.Create<double>(
        "--tolerance",
        "By how much a ratio may be worse, as a share. Default: the baseline's own, else 0.1.",
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
            self._shape,
            self._size,
            self._frames,
            self._layers,
            self._textTokens,
            self._runs,
            self._mode,
            self._precision,
            self._weights,
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
            BenchPresetsCommand.Build(environment),
            BenchStepCacheCommand.Build(environment),
            BenchThroughputCommand.Build(environment),
        };
        command.Subcommands.Add(BenchPlanCommand.Build(environment));
        command.Subcommands.Add(BenchExpertsCommand.Build(environment));
        command.Subcommands.Add(BenchLoraCommand.Build(environment));
        command.Subcommands.Add(BenchDtypesCommand.Build(environment));
        command.Subcommands.Add(BenchDecodersCommand.Build(environment));
        command.Subcommands.Add(BenchMemoryCommand.Build(environment));
        command.Subcommands.Add(BenchMemoryCommand.BuildPass(environment));
        Require(self._runs, runs => runs is null or >= 1, "--runs takes 1 or more.");
        Require(self._textTokens, tokens => tokens is null or >= 0, "--text-tokens takes 0 or more.");
        Require(self._layers, layers => layers is null or >= 1, "--layers takes 1 or more.");
        Require(self._tolerance, tolerance => tolerance is null or (>= 0 and < 1), "--tolerance takes a share, from 0 to 1 (excluded).");
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan bench dit --shape 1.3b --size 256x256 --frames 17 --peer torch",
            "wan bench dit --shape 1.3b --precision int8 --peer torch",
            "wan bench dit --shape 14b --layers 4 --mode whole",
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

    private BenchmarkOptions Options(ParseResult parsed)
    {
        var options = new BenchmarkOptions
        {
            Subject = parsed.GetValue(_network),
            Shape = parsed.GetValue(_shape)!,
            Layers = parsed.GetValue(_layers),
            TextTokens = parsed.GetValue(_textTokens),
            Mode = parsed.GetValue(_mode),
            Quantization = parsed.GetValue(_precision),
            Weights = parsed.GetValue(_weights),
            CacheFolder = environment.Host.Options.CacheFolder,
            PeerPython = parsed.GetValue(_peer) == Torch ? environment.Variable("WAN_PYTHON") ?? "python3" : null,
        };
        var size = parsed.GetValue(_size) ?? new ClipSize(options.Width, options.Height);
        return options with
        {
            Width = size.Width,
            Height = size.Height,
            Frames = parsed.GetValue(_frames) ?? options.Frames,
            Runs = parsed.GetValue(_runs) ?? options.Runs,
        };
    }

    private static void Require<T>(Option<T> option, Func<T?, bool> holds, string rule) =>
        option.Validators.Add(result =>
        {
            if (!holds(result.GetValueOrDefault<T>()))
            {
                result.AddError(rule);
            }
        });
}
