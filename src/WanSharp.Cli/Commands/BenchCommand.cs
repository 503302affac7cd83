using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Benchmarks;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan bench</c>: the tables of docs/benchmarks.md.</summary>
internal sealed class BenchCommand(CliEnvironment environment)
{
    private const string Torch = "torch";

    private readonly Argument<BenchmarkSubject> _subject = new("network") { Description = "dit (a step of one branch), vae (a clip's decoding) or text (a prompt)." };

    private readonly Option<string> _shape = new("--shape")
    {
        Description = $"Whose dimensions the network has: {string.Join(", ", BenchmarkOptions.ShapeNames)}. Its weights are random.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "1.3b",
    };

    private readonly Option<Size> _size = new("--size")
    {
        Description = "Width and height of the clip in pixels.",
        HelpName = "WxH",
        DefaultValueFactory = _ => new Size(256, 256),
        CustomParser = argument => Size.Parse(argument) ?? default,
    };

    private readonly Option<int> _frames = new("--frames") { Description = "Frames of the clip: 4n+1.", HelpName = "N", DefaultValueFactory = _ => 17 };
    private readonly Option<int?> _layers = new("--layers") { Description = "Blocks, to measure a part of a network that is too large here. Default: all.", HelpName = "N" };
    private readonly Option<int> _runs = new("--runs") { Description = "Timed forward passes.", HelpName = "N", DefaultValueFactory = _ => 3 };
    private readonly Option<CompileMode> _mode = new("--mode") { Description = "blocks (one compiled block) or whole (one compiled network, weights packed)." };

    private readonly Option<DType> _weights = new("--weights")
    {
        Description = "The weights' type on disk: F32, F16 or BF16.",
        HelpName = "TYPE",
        DefaultValueFactory = _ => DType.F32,
    };

    private readonly Option<string?> _peer = new("--peer") { Description = "torch: run the same network in PyTorch, in turn with ours.", HelpName = "NAME" };
    private readonly Option<string?> _baseline = new("--baseline") { Description = "A saved --json report: exit code 1 when a ratio is worse than in it.", HelpName = "FILE" };
    private readonly Option<double?> _tolerance = new("--tolerance") { Description = "By how much a ratio may be worse, as a share. Default: the baseline's own, else 0.1.", HelpName = "X" };
    private readonly Option<string> _provider = CommonOptions.Provider();
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new BenchCommand(environment);
        var command = new Command("bench", "Measure a network's speed and memory on random weights, beside this machine's peak and PyTorch.")
        {
            self._subject, self._shape, self._size, self._frames, self._layers, self._runs, self._mode, self._weights,
            self._peer, self._baseline, self._tolerance, self._provider, self._threads, self._json,
        };
        AcceptOnly(self._weights, nameof(DType.F32), nameof(DType.F16), nameof(DType.BF16));
        AcceptOnly(self._peer, Torch);
        Require(self._runs, runs => runs >= 1, "--runs must be at least 1.");
        Require(self._layers, layers => layers is null or >= 1, "--layers must be at least 1.");
        Require(self._tolerance, tolerance => tolerance is null or (>= 0 and < 1), "--tolerance is a share: at least 0, less than 1.");
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan bench dit --shape 1.3b --size 256x256 --frames 17 --peer torch",
            "wan bench dit --shape 14b --layers 4 --mode whole",
            "wan bench vae --peer torch --json",
            "wan bench vae --peer torch --baseline vae.json");
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var baseline = parsed.GetValue(_baseline) is { } file ? BenchmarkReport.Read(file) : null;
        var threads = parsed.GetValue(_threads) ?? Environment.ProcessorCount;
        using var runtime = EngineSetup.OpenRuntime(environment, threads);
        var benchmark = new Benchmark(runtime, threads, environment.Clock);
        var report = await benchmark.RunAsync(Options(parsed), new StatusLine(environment), cancellationToken);
        environment.Out.WriteLine(parsed.GetValue(_json) ? report.ToJson() : BenchmarkText.Describe(report));
        if (baseline is null)
        {
            return ExitCode.Done;
        }

        var changes = Baseline.Compare(baseline, report, parsed.GetValue(_tolerance));
        environment.Error.WriteLine(BenchmarkText.Describe(changes));
        return changes.Any(change => change.IsWorse) ? ExitCode.Failed : ExitCode.Done;
    }

    private BenchmarkOptions Options(ParseResult parsed) => new()
    {
        Subject = parsed.GetValue(_subject),
        Shape = parsed.GetValue(_shape)!,
        Width = parsed.GetValue(_size).Width,
        Height = parsed.GetValue(_size).Height,
        Frames = parsed.GetValue(_frames),
        Layers = parsed.GetValue(_layers),
        Runs = parsed.GetValue(_runs),
        Mode = parsed.GetValue(_mode),
        Weights = parsed.GetValue(_weights),
        Session = new SessionSettings { Provider = parsed.GetValue(_provider)! },
        CacheFolder = EngineSetup.CacheFolder(environment),
        PeerPython = parsed.GetValue(_peer) is null ? null : environment.Variable("WAN_PYTHON") ?? "python3",
    };

    private static void AcceptOnly<T>(Option<T> option, params string[] values) => option.Validators.Add(result =>
    {
        foreach (var token in result.Tokens.Where(token => !values.Contains(token.Value, StringComparer.OrdinalIgnoreCase)))
        {
            result.AddError($"{option.Name} takes {string.Join(", ", values)}, not '{token.Value}'.");
        }
    });

    private static void Require<T>(Option<T> option, Func<T?, bool> holds, string rule) => option.Validators.Add(result =>
    {
        if (!holds(result.GetValueOrDefault<T>()))
        {
            result.AddError(rule);
        }
    });
}
