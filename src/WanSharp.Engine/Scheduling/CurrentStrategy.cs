using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Models.Decoders;
using WanSharp.Models.Enhancers;
using WanSharp.Runtime.Networks;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// How the clips under way run, and what is set aside for the weights that they share. What a strategy counts is one clip's: another
/// one may join it that brings no second transformer, and whose other networks fit next to those that are there.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class CurrentStrategy
{
    private readonly MemoryBudget _budget;
    private readonly string _merged;
    private readonly List<IDisposable> _weights = [];
    private readonly Dictionary<FrameWeights, long> _frames = [];
    private long _most; // of any clip, without the networks of its frames

    /// <param name="strategy">The strategy, chosen for the first of them.</param>
    /// <param name="basis">The memory that it was chosen for.</param>
    /// <param name="plan">The first of them.</param>
    /// <param name="budget">Has the weights set aside.</param>
    public CurrentStrategy(Strategy strategy, MemoryAllowance basis, GenerationPlan plan, MemoryBudget budget)
    {
        (Strategy, Basis, _budget, _merged) = (strategy, basis, budget, plan.Loras.MergeKey);
        _weights.Add(budget.Reserve(ReservationKind.Weights, strategy.WeightBytes));
    }

    public Strategy Strategy { get; }

    public MemoryAllowance Basis { get; }

    /// <summary>Whether a clip may run along with those under way.</summary>
    public bool Takes(GenerationPlan plan, StrategyFacts facts)
    {
        var others = _frames.Where(frames => frames.Key != FramesOf(plan)).Sum(frames => frames.Value);
        var own = _frames.GetValueOrDefault(FramesOf(plan), BytesOfFrames(facts));
        return plan.Loras.MergeKey == _merged
            && (!plan.RunsInBlocks || Strategy is { Compile: CompileMode.Blocks, StaticShapes: false })
            && Math.Max(_most, BesideFrames(facts)) + others + own <= Basis.Bytes;
    }

    /// <summary>A clip runs, and brings the networks of its frames where no other has them.</summary>
    public void Add(GenerationPlan plan, StrategyFacts facts)
    {
        _most = Math.Max(_most, BesideFrames(facts));
        if (_frames.TryAdd(FramesOf(plan), BytesOfFrames(facts)) && _frames.Count > 1) // the strategy's own weights have the first's
        {
            _weights.Add(_budget.Reserve(ReservationKind.Weights, BytesOfFrames(facts)));
        }
    }

    /// <summary>Gives back what was set aside: another strategy takes its place, and no clip is under way.</summary>
    public void End() => _weights.ForEach(weights => weights.Dispose());

    private long BesideFrames(StrategyFacts facts) => StrategyChooser.BytesOf(facts, Strategy) - BytesOfFrames(facts);

    /// <summary>What stays from one clip to the next: encoders of images only where encoders are kept.</summary>
    private long BytesOfFrames(StrategyFacts facts) => facts.Vae + (Strategy.KeepsTextEncoder ? facts.ImageEncoders : 0);

    private static FrameWeights FramesOf(GenerationPlan plan) =>
        new(plan.Decoder, plan.Encoder, plan.Interpolator, plan.Upscaler, plan.EncodesFrames);

    /// <summary>The networks that a clip's frames go through.</summary>
    private sealed record FrameWeights(
        DecoderFile? Decoder,
        DecoderFile? Encoder,
        EnhancerFile? Interpolator,
        EnhancerFile? Upscaler,
        bool EncodesFrames
    );
}
