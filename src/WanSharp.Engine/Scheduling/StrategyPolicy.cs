using System.Globalization;
using System.Numerics;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>Chooses the strategy by which a clip runs: by the memory, and by what was asked for or measured.</summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="compile">What is one graph; null leaves it open.</param>
/// <param name="options">Whether shapes are fixed, and whether strategies are timed.</param>
/// <param name="networks">What runs.</param>
internal sealed class StrategyPolicy(CompileMode? compile, EngineOptions options, EngineNetworks networks)
{
    private const string Blocks = "blocks";
    private const string FixedBlocks = "blocks of fixed shapes";
    private const string Whole = "the whole network";

    private readonly Autotuner _tuner = new(options.Tunings, options.Clock);

    /// <summary>The strategy for a clip within this many bytes.</summary>
    /// <exception cref="InvalidRequestException">It does not fit under any strategy.</exception>
    public Strategy Choose(StrategyFacts facts, long bytes, GenerationPlan plan)
    {
        if (options.HostMemory is not null)
        {
            StrategyChooser.RequireHost(facts, MemoryAllowance.OfHost(options.HostMemory, options.HostFacts()));
        }

        if (facts.RunsInBlocks || options.Tuning != CompileTuning.MaxAutotune)
        {
            return StrategyChooser.Choose(facts, bytes, compile, options.Tuning == CompileTuning.ReduceOverhead);
        }

        var candidates = Candidates(facts, bytes);
        var (strategy, reason) = _tuner.Find(Identity(plan), [.. candidates.Keys]) is { } found
            ? (candidates[found.Kept], found.Describe())
            : (candidates.Values.First(), "max-autotune: the strategies that fit are timed when the first clip of this size starts");
        return strategy with { Reasons = [.. strategy.Reasons, reason] };
    }

    /// <summary>Whether strategies must be timed before such a clip.</summary>
    public bool IsOpen(StrategyFacts facts, long bytes, GenerationPlan plan) =>
        !facts.RunsInBlocks
        && options.Tuning == CompileTuning.MaxAutotune
        && _tuner.Find(Identity(plan), [.. Candidates(facts, bytes).Keys]) is null;

    /// <summary>Times the strategies for a clip. Nothing else may run.</summary>
    public async Task MeasureAsync(StrategyFacts facts, long bytes, GenerationPlan plan, CancellationToken cancellationToken)
    {
        var candidates = Candidates(facts, bytes);
        await _tuner
            .MeasureAsync(Identity(plan), [.. candidates.Keys], name => networks.TimeAsync(candidates[name], plan, cancellationToken))
            .ConfigureAwait(false);
    }

    /// <summary>The strategies that fit, by name, the simplest first.</summary>
    private OrderedDictionary<string, Strategy> Candidates(StrategyFacts facts, long bytes)
    {
        var candidates = new OrderedDictionary<string, Strategy>();
        if (compile != CompileMode.Whole)
        {
            var blocks = candidates[Blocks] = StrategyChooser.Choose(facts, bytes, compile ?? CompileMode.Blocks);
            if (!options.DynamicShapes && blocks is { TokensAtOnce: null, Compile: CompileMode.Blocks })
            {
                candidates[FixedBlocks] = StrategyChooser.Choose(facts, bytes, CompileMode.Blocks, staticShapes: true);
            }
        }

        if (
            compile is null or CompileMode.Whole
            && StrategyChooser.Choose(facts, bytes, CompileMode.Whole) is { } whole
            && (whole.Compile == CompileMode.Whole || candidates.Count == 0)
        )
        {
            candidates[Whole] = whole;
        }

        return candidates;
    }

    /// <summary>All that decides which strategy is fastest; sizes in steps of powers of two.</summary>
    private string Identity(GenerationPlan plan) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{networks.Describe()}\ntokens {BitOperations.RoundUpToPowerOf2((uint)plan.Tokens)} × {plan.Branches}\n{MachineName.Read()}"
        );
}
