using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// Lets clips begin that run the way the ones under way do, or fit in it; for another way a clip waits until those are done.
/// So how the model runs within its memory may change between clips, never in the middle of one.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="costs">What clips need.</param>
/// <param name="networks">What is told the strategy.</param>
/// <param name="budget">The memory that may be used. It is looked at again whenever a clip begins.</param>
/// <param name="ways">Chooses the way for a clip within so many bytes.</param>
internal sealed class StrategyGate(CostModel costs, EngineNetworks networks, MemoryBudget budget, WayChooser ways)
{
    private readonly Lock _gate = new();
    private (Strategy Way, MemoryAllowance Basis, IDisposable Weights)? _current;
    private int _clips;
    private TaskCompletionSource _empty = NewSource();

    /// <summary>How clips run now, or ran last; null before the first, and where nothing was said about memory.</summary>
    public Strategy? Current
    {
        get
        {
            lock (_gate)
            {
                return _current?.Way;
            }
        }
    }

    /// <summary>How a clip runs within the memory; null where nothing was said about memory.</summary>
    /// <exception cref="InvalidRequestException">It does not fit in any way.</exception>
    public Strategy? Choose(GenerationPlan plan)
    {
        budget.LookAgain();
        return budget.IsLimited ? ways.Choose(Facts(plan), budget.Allowance.Bytes, plan) : null;
    }

    /// <summary>Waits until a clip may begin, and has the networks run its way.</summary>
    /// <returns>The clip's place, to be disposed when it is done; null where nothing was said about memory.</returns>
    /// <exception cref="InvalidRequestException">Memory became less since it was planned, and it does not fit any more.</exception>
    public async Task<Place?> EnterAsync(GenerationPlan plan, CancellationToken cancellationToken)
    {
        if (!budget.IsLimited)
        {
            return null;
        }

        var facts = Facts(plan);
        while (true)
        {
            Task? empty = null;
            long room;
            lock (_gate)
            {
                budget.LookAgain();
                var basis = budget.Allowance;
                room = basis.Bytes;
                if (
                    _clips > 0
                    && _current is { } current
                    && current.Basis == basis
                    && StrategyChooser.BytesOf(facts, current.Way) <= basis.Bytes
                )
                {
                    return Enter(facts, current.Way);
                }

                if (_clips > 0)
                {
                    empty = _empty.Task;
                }
                else if (ways.IsOpen(facts, room, plan))
                {
                    _clips = 1; // measures alone
                    _current?.Weights.Dispose();
                    _current = null;
                }
                else
                {
                    var way = ways.Choose(facts, room, plan);
                    networks.Use(way, basis);
                    _current?.Weights.Dispose();
                    _current = (way, basis, budget.Reserve(ReservationKind.Weights, way.WeightBytes));
                    return Enter(facts, way);
                }
            }

            if (empty is not null)
            {
                await empty.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            try
            {
                await ways.MeasureAsync(facts, room, plan, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Leave();
            }
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StrategyFacts Facts(GenerationPlan plan) => costs.Facts(plan, networks.AreOnHost) with { IsPacked = networks.IsPacked };

    private Place Enter(StrategyFacts facts, Strategy way)
    {
        _clips++;
        return new Place(this, way, ClipBytes.Of(facts, way));
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_clips == 0)
            {
                _empty.SetResult();
                _empty = NewSource();
            }
        }
    }

    /// <summary>A clip that runs.</summary>
    /// <param name="gate">What it leaves when it is disposed.</param>
    /// <param name="way">How it runs.</param>
    /// <param name="bytes">What it takes.</param>
    public sealed class Place(StrategyGate gate, Strategy way, ClipBytes bytes) : IDisposable
    {
        private int _left;

        public Strategy Way => way;

        public ClipBytes Bytes => bytes;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                gate.Leave();
            }
        }
    }
}
