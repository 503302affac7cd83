using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Engine;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Hosting;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan plan</c>: what a generation costs, before it runs.</summary>
internal sealed class PlanCommand(CliEnvironment environment)
{
    private readonly GenerateOptions _request = new();
    private readonly StyleOptions _style = new();
    private readonly EngineSettingOptions _engine = new(EngineParts.Provider); // what is predicted is the processor's
    private readonly Option<bool> _calibrate = new("--calibrate")
    {
        Description = "Measure this machine again (10 to 20 seconds); otherwise a measurement is used for 30 days.",
    };
    private readonly Option<IReadOnlyList<long>> _devices = Amounts.SizesOption(
        "--device-memory",
        "Plan for a GPU with this much memory instead, such as 24GB; may be repeated. Ignores this machine's own hardware."
    );
    private readonly Option<bool> _json = CommonOptions.Json();

    public static Command Build(CliEnvironment environment)
    {
        var self = new PlanCommand(environment);
        var command = new Command(
            "plan",
            "Estimate a clip's compute, memory and time on this machine's processor, without running the model."
        )
        {
            self._calibrate,
            self._devices,
            self._json,
        };
        self._engine.AddTo(command);
        self._request.AddTo(command);
        self._style.AddTo(command);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan plan \"a red circle moving left on a black background\"",
            "wan plan \"a cat on a roof\" -m ./Wan2.1-T2V-1.3B --size 832x480 --frames 81",
            "wan plan \"a cat on a roof\" --steps 20 --json",
            "wan plan \"a cat on a roof\" --memory 6GB",
            "wan plan \"a cat on a roof\" --device-memory 24GB --device-memory 8GB",
            "wan plan \"a cat on a roof\" --calibrate"
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = await _request.ReadAsync(
            parsed,
            environment.Input,
            (file, token) => ImageReader.ReadAsync(environment.Host.FindFfmpeg(), file, token),
            cancellationToken
        );
        var engine = _engine.Read(parsed);
        using var model = environment.Host.OpenModel(engine.Model, engine.Parts);
        request = _style.Apply(parsed, environment.Host, request, model.Name);
        var choice = EngineHost.PrecisionOnHost(environment.Host, engine, model, [request.Preset]);
        var precision = choice.Precision;
        var costs = EngineHost.CostsOf(environment.Host, model, engine, precision);
        var plan = costs.Sketch(request);
        if (parsed.GetValue(_devices) is { Count: > 0 } devices)
        {
            return PrintDevices(parsed, model, costs, plan, devices, engine);
        }

        var machine = environment.Host.Calibrate(engine.Threads, parsed.GetValue(_calibrate), cancellationToken);
        var (memory, hostMemory, host) = (engine.Memory?.Bytes, engine.HostMemory?.Bytes, HostMemoryFacts.Read());

        // Nothing runs: a size that was given counts as it is, to ask what it would mean.
        var budget = MemoryAllowance.Of(memory, hostMemory, isOnHost: true, memory is null && hostMemory is null ? host : null);
        var compile = engine.Compile;
        var eightBit = precision == Precision.Full ? EngineHost.CostsOf(environment.Host, model, engine, Precision.EightBit) : null;
        var isPacked = IsPacked(model, engine, precision);
        var strategy = Choose(costs.Facts(plan, isOnHost: true, isPacked), budget, compile);
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
                (costs, other) => costs.ForStrategy(other, Choose(costs.Facts(other, isOnHost: true, isPacked), budget, compile)),
                budget.Bytes
            )
        )
        {
            Strategy = strategy,
            Budget = budget,
            Compute = $"{precision}: {choice.Why}",
            Free = MemoryAllowance.Of(memory: null, hostMemory: null, isOnHost: true, host),
            MergedBytes = costs.MergedBytes(plan),
        };
        environment.Out.WriteLine(parsed.GetValue(_json) ? JsonText.Of(text.Output()) : text.Describe());
        return ExitCode.Done;
    }

    private int PrintDevices(
        ParseResult parsed,
        WanModel model,
        CostModel costs,
        GenerationPlan plan,
        IReadOnlyList<long> devices,
        EngineSettings engine
    )
    {
        if (engine.Memory is not null)
        {
            throw new InvalidRequestException(
                "memory",
                "--memory and --device-memory say the same of two machines: leave out one of them."
            );
        }

        var text = DevicePlanText.Of(
            model,
            costs,
            plan,
            devices,
            (facts, bytes) =>
            {
                if (engine.HostMemory?.Bytes is { } host)
                {
                    StrategyChooser.RequireHost(facts, new MemoryAllowance(host, "--host-memory"));
                }

                return Choose(facts, new MemoryAllowance(bytes, "--device-memory"), engine.Compile);
            }
        );
        environment.Out.WriteLine(parsed.GetValue(_json) ? JsonText.Of(text.Output()) : text.Describe());
        return ExitCode.Done;
    }

    /// <summary>
    /// Whether a run would find the whole network packed on disk. Where nothing is said about memory, and the model is small
    /// next to it, none looks for it.
    /// </summary>
    private bool IsPacked(WanModel model, EngineSettings settings, Precision precision)
    {
        var engine = WanHost.WithMemory(new EngineOptions(), model, settings.Memory, settings.HostMemory);
        if (
            settings.Compile is { Compile: null, Tuning: CompileTuning.Default }
            && engine is { Memory: null, HostMemory: null, FollowsFreeMemory: false }
        )
        {
            return false;
        }

        using var runtime = environment.Host.OpenRuntime(settings.Threads);
        using var graphs = new GraphCache(runtime);
        return PackedNetwork.IsKept(
            model,
            graphs,
            new SessionSettings { Compute = precision.Compute },
            environment.Host.TransformerOptions(precision.Quantization)
        );
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
