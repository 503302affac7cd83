using System.Globalization;
using System.Numerics;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>Chooses the strategy by which a clip runs: by the memory, and by what was asked for or measured.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="compile">What is one graph; null leaves it open.</param>
/// <param name="options">Whether shapes are fixed, and whether ways are timed.</param>
/// <param name="networks">What runs.</param>
internal sealed class StrategyPolicy(CompileMode? compile, EngineOptions options, EngineNetworks networks)
{
    private const string Blocks = "blocks";
    private const string FixedBlocks = "blocks of fixed shapes";
    private const string Whole = "the whole network";

    private readonly Autotuner _tuner = new(options.Tunings, options.Clock);

    /// <summary>The way for a clip within this many bytes.</summary>
    /// <exception cref="InvalidRequestException">It does not fit in any way.</exception>
    public Strategy Choose(StrategyFacts facts, long bytes, GenerationPlan plan)
    {
        if (options.HostMemory is not null)
        {
            StrategyChooser.RequireHost(facts, MemoryAllowance.OfHost(options.HostMemory, options.HostFacts()));
        }

        if (plan.Loras.AreInputs)
        {
            return StrategyChooser.Choose(facts, bytes, CompileMode.Blocks); // which alone take them
        }

        if (options.Tuning != CompileTuning.MaxAutotune)
        {
            return StrategyChooser.Choose(facts, bytes, compile, options.Tuning == CompileTuning.ReduceOverhead);
        }

        var ways = Ways(facts, bytes);
        var (way, reason) = _tuner.Find(Identity(plan), [.. ways.Keys]) is { } found
            ? (ways[found.Kept], found.Describe())
            : (ways.Values.First(), "max-autotune: the strategies that fit are timed when the first clip of this size starts");
        return way with { Reasons = [.. way.Reasons, reason] };
    }

    /// <summary>Whether ways have to be timed before such a clip.</summary>
    public bool IsOpen(StrategyFacts facts, long bytes, GenerationPlan plan) =>
        !plan.Loras.AreInputs
        && options.Tuning == CompileTuning.MaxAutotune
        && _tuner.Find(Identity(plan), [.. Ways(facts, bytes).Keys]) is null;

    /// <summary>Times the ways for a clip. Nothing else may run.</summary>
    public async Task MeasureAsync(StrategyFacts facts, long bytes, GenerationPlan plan, CancellationToken cancellationToken)
    {
        var ways = Ways(facts, bytes);
        await _tuner
            .MeasureAsync(Identity(plan), [.. ways.Keys], way => networks.TimeAsync(ways[way], plan, cancellationToken))
            .ConfigureAwait(false);
    }

    /// <summary>The ways that fit, by name, the simplest first.</summary>
    private OrderedDictionary<string, Strategy> Ways(StrategyFacts facts, long bytes)
    {
        var ways = new OrderedDictionary<string, Strategy>();
        if (compile != CompileMode.Whole)
        {
            var blocks = ways[Blocks] = StrategyChooser.Choose(facts, bytes, compile ?? CompileMode.Blocks);
            if (!options.DynamicShapes && blocks is { TokensAtOnce: null, Compile: CompileMode.Blocks })
            {
                ways[FixedBlocks] = StrategyChooser.Choose(facts, bytes, CompileMode.Blocks, staticShapes: true);
            }
        }

        if (
            compile is null or CompileMode.Whole
            && StrategyChooser.Choose(facts, bytes, CompileMode.Whole) is { } whole
            && (whole.Compile == CompileMode.Whole || ways.Count == 0)
        )
        {
            ways[Whole] = whole;
        }

        return ways;
    }

    /// <summary>All that decides which way is fastest; sizes in steps of powers of two.</summary>
    private string Identity(GenerationPlan plan) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{networks.Describe()}\ntokens {BitOperations.RoundUpToPowerOf2((uint)plan.Tokens)} × {plan.Branches}\n{MachineName.Read()}"
        );
}
