using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Engine;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Graphs;
using WanSharp.Hosting;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Providers;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan plan</c>: what a generation costs, before it runs.</summary>
internal sealed class PlanCommand(CliEnvironment environment)
{
    private readonly GenerateOptions _request = new();
    private readonly StyleOptions _style = new();
    private readonly ModelOptions _model = new();
    private readonly Option<Quantization> _precision = CommonOptions.PrecisionOption();
    private readonly Option<VaeTileChoice> _vaeTile = CommonOptions.VaeTile();
    private readonly Option<LoraMode> _loraMode = CommonOptions.LoraModeOption();
    private readonly Option<int?> _threads = CommonOptions.Threads();
    private readonly Option<bool> _calibrate = new("--calibrate")
    {
        Description = "Measure this machine again (4 to 6 seconds); otherwise a measurement is used for 30 days.",
    };
    private readonly Option<MemoryAmount?> _memory = CommonOptions.Memory();
    private readonly Option<MemoryAmount?> _hostMemory = CommonOptions.HostMemory();
    private readonly CompileOptions _compile = new();
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new PlanCommand(environment);
        var command = new Command(
            "plan",
            "Estimate a clip's compute, memory and time on this machine's processor, without running the model."
        )
        {
            self._precision,
            self._vaeTile,
            self._loraMode,
            self._threads,
            self._calibrate,
            self._memory,
            self._hostMemory,
            self._json,
        };
        self._model.AddTo(command);
        self._compile.AddTo(command);
        self._request.AddTo(command);
        self._style.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan plan \"a red circle moving left on a black background\"",
            "wan plan \"a cat on a roof\" -m ./Wan2.1-T2V-1.3B --size 832x480 --frames 81",
            "wan plan \"a cat on a roof\" --steps 20 --json",
            "wan plan \"a cat on a roof\" --memory 6GB",
            "wan plan \"a cat on a roof\" --calibrate"
        );
    }

    private CostModel Costs(WanModel model, Quantization precision, ParseResult parsed) =>
        new(model, precision, parsed.GetValue(_vaeTile), environment.Host.Models.SearchFolders)
        {
            Presets = environment.Host.OpenPresets(model),
            LoraMode = parsed.GetValue(_loraMode),
        };

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = await _request.ReadAsync(
            parsed,
            environment.Input,
            (file, token) => ImageReader.ReadAsync(environment.Host.FindFfmpeg(), file, token),
            cancellationToken
        );
        using var model = _model.Open(parsed, environment.Host);
        request = _style.Apply(parsed, environment.Host, request, model.Name);
        var costs = Costs(model, parsed.GetValue(_precision), parsed);
        var plan = costs.Sketch(request);
        var machine = environment.Host.Calibrate(parsed.GetValue(_threads), parsed.GetValue(_calibrate), cancellationToken);
        var (memory, hostMemory, host) = (parsed.GetValue(_memory)?.Bytes, parsed.GetValue(_hostMemory)?.Bytes, HostMemoryFacts.Read());

        // Nothing runs: a size that was given counts as it is, to ask what it would mean.
        var budget = MemoryAllowance.Of(memory, hostMemory, isOnHost: true, memory is null && hostMemory is null ? host : null);
        var compile = _compile.Read(parsed);
        var eightBit = parsed.GetValue(_precision) == Quantization.None ? Costs(model, Quantization.EightBit, parsed) : null;
        var strategy = Choose(
            costs.Facts(plan, isOnHost: true) with
            {
                IsPacked = !plan.RunsInBlocks && IsPacked(parsed, model, compile),
            },
            budget,
            compile
        );
        plan = costs.ForStrategy(plan, strategy);
        var text = new PlanText(
            model,
            plan,
            costs.Predict(plan, machine),
            machine,
            PlanAlternatives.Of(
                costs,
                model,
                request,
                plan,
                machine,
                eightBit,
                (costs, other) => costs.ForStrategy(other, Choose(costs.Facts(other, isOnHost: true), budget, compile))
            )
        )
        {
            Strategy = strategy,
            Budget = budget,
            Compute = ProviderProfiles.Cpu.Precision,
            Free = MemoryAllowance.Of(memory: null, hostMemory: null, isOnHost: true, host),
            MergedBytes = costs.MergedBytes(plan),
        };
        environment.Out.WriteLine(parsed.GetValue(_json) ? JsonText.Of(text.Output()) : text.Describe());
        return ExitCode.Done;
    }

    /// <summary>
    /// Whether a run would find the whole network packed on disk. Where nothing is said about memory, and the model is small
    /// next to it, none looks for it.
    /// </summary>
    private bool IsPacked(ParseResult parsed, WanModel model, CompileChoice compile)
    {
        var engine = WanHost.WithMemory(new EngineOptions(), model, parsed.GetValue(_memory), parsed.GetValue(_hostMemory));
        if (
            compile is { Compile: null, Tuning: CompileTuning.Default }
            && engine is { Memory: null, HostMemory: null, FollowsFreeMemory: false }
        )
        {
            return false;
        }

        using var runtime = environment.Host.OpenRuntime(parsed.GetValue(_threads));
        using var graphs = new GraphCache(runtime);
        return PackedNetwork.IsKept(model, graphs, new SessionSettings(), environment.Host.TransformerOptions(parsed.GetValue(_precision)));
    }

    private static Strategy Choose(StrategyFacts facts, MemoryAllowance budget, CompileChoice compile)
    {
        var strategy = StrategyChooser.Choose(
            facts,
            budget.Bytes,
            compile.Compile,
            compile.Tuning == CompileTuning.ReduceOverhead && !compile.Dynamic
        );
        return compile.Tuning == CompileTuning.MaxAutotune
            ? strategy with
            {
                Reasons = [.. strategy.Reasons, "max-autotune: `wan generate` times the strategies that fit once, and keeps the fastest"],
            }
            : strategy;
    }
}
