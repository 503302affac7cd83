using WanSharp.Engine.Costs;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// Lets a clip begin with the strategy of the clips under way if it fits in that; otherwise it waits until they are done, and then
/// brings its own strategy. So how the model runs within its memory may change between clips, never in the middle of one.
/// </summary>
/// <remarks>
/// Thread-safe. Clips are let in strictly in the order of <see cref="WaitingRank"/>: while one waits for another strategy, none that
/// ranks after it begins, so a stream of clips that fit together cannot keep it waiting.
/// </remarks>
/// <param name="costs">What clips need.</param>
/// <param name="networks">Run by the strategy.</param>
/// <param name="budget">The memory that may be used. It is read again whenever a clip may begin.</param>
/// <param name="strategies">Chooses the strategy for a clip.</param>
/// <param name="clock">Tells how long clips wait.</param>
internal sealed class StrategyGate(
    CostModel costs,
    EngineNetworks networks,
    MemoryBudget budget,
    StrategyPolicy strategies,
    TimeProvider clock
)
{
    private readonly Lock _gate = new();
    private readonly WaitingLine<Entrant> _waiting = new(clock);
    private CurrentStrategy? _current;
    private int _clips;

    /// <summary>How clips run now, or ran last; null before the first, and where no memory limit is set.</summary>
    public Strategy? Current
    {
        get
        {
            lock (_gate)
            {
                return _current?.Strategy;
            }
        }
    }

    /// <summary>How a clip runs within the memory; null where no memory limit is set.</summary>
    /// <exception cref="InvalidRequestException">It does not fit with any strategy.</exception>
    public Strategy? Choose(GenerationPlan plan)
    {
        budget.LookAgain();
        return budget.IsLimited ? strategies.Choose(Facts(plan, networks.IsPacked), budget.Allowance.Bytes, plan) : null;
    }

    /// <summary>Waits until a clip may begin, and has the networks run by its strategy.</summary>
    /// <returns>The clip's place, to be disposed when it is done; null where no memory limit is set.</returns>
    /// <exception cref="InvalidRequestException">Memory became less since it was planned, and it does not fit any more.</exception>
    public async Task<Admission?> EnterAsync(ClipRun clip)
    {
        if (!budget.IsLimited)
        {
            return null;
        }

        var facts = Facts(clip.Plan, await networks.IsPackedAsync(clip.Cancelled).ConfigureAwait(false));
        var rank = clip.RankSince(clock.GetTimestamp());
        while (true)
        {
            if (await WaitOrMeasureAsync(new Entrant(clip, facts), rank).ConfigureAwait(false) is { } place)
            {
                return place;
            }
        }
    }

    /// <summary>Waits for the clip's turn; if its strategies have to be timed first, does that alone.</summary>
    /// <returns>Null after timing: then it waits again, with the rank that it had.</returns>
    private async Task<Admission?> WaitOrMeasureAsync(Entrant entrant, WaitingRank rank)
    {
        var clip = entrant.Clip;
        lock (_gate)
        {
            _waiting.Add(rank, entrant);
            Admit();
        }

        Turn turn;
        using (clip.Cancelled.UnsafeRegister(_ => GiveUp(entrant), null))
        {
            turn = await entrant.Admitted.Task.ConfigureAwait(false);
        }

        if (turn.Admission is not null)
        {
            return turn.Admission;
        }

        try
        {
            await strategies.MeasureAsync(entrant.Facts, turn.Bytes, clip.Plan, clip.Cancelled).ConfigureAwait(false);
            return null;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Lets in those that are next, until one has to wait for the clips under way.</summary>
    private void Admit()
    {
        while (_waiting.First() is { } next)
        {
            try
            {
                budget.LookAgain();
                if ((_clips > 0 ? TryJoin(next) : Lead(next)) is not { } turn)
                {
                    return;
                }

                _waiting.Remove(next);
                next.Admitted.SetResult(turn);
            }
            catch (Exception e) // the clip's alone, whoever made room for it
            {
                _waiting.Remove(next);
                next.Admitted.SetException(e);
            }
        }
    }

    /// <summary>The clip begins with the strategy of the clips under way, if it fits in that and the memory is what it was.</summary>
    private Turn? TryJoin(Entrant next) =>
        _current is { } current && current.Basis == budget.Allowance && current.Takes(next.Clip.Plan, next.Facts)
            ? Enter(next, current)
            : null;

    /// <summary>No clip is under way: the clip brings its strategy, or times those that are open.</summary>
    private Turn Lead(Entrant next)
    {
        var basis = budget.Allowance;
        if (strategies.IsOpen(next.Facts, basis.Bytes, next.Clip.Plan))
        {
            _current?.End();
            _current = null;
            _clips = 1; // measures alone
            return new Turn(null, basis.Bytes);
        }

        var strategy = strategies.Choose(next.Facts, basis.Bytes, next.Clip.Plan);
        networks.Use(strategy, basis);
        _current?.End();
        _current = new CurrentStrategy(strategy, basis, next.Clip.Plan, budget);
        return Enter(next, _current);
    }

    private Turn Enter(Entrant next, CurrentStrategy current)
    {
        _clips++;
        current.Add(next.Clip.Plan, next.Facts);
        networks.Allow(StrategyChooser.OtherStagesBytes(next.Facts, current.Strategy));
        var bytes = ClipBytes.Of(next.Facts, current.Strategy);
        return new Turn(new Admission(this, current.Strategy, bytes with { Own = bytes.Own + next.Clip.PreviewBytes }), 0);
    }

    private void Leave()
    {
        lock (_gate)
        {
            _clips--;
            Admit();
        }
    }

    /// <summary>A clip that is cancelled no longer holds up those behind it.</summary>
    private void GiveUp(Entrant entrant)
    {
        lock (_gate)
        {
            if (_waiting.Remove(entrant))
            {
                entrant.Admitted.SetCanceled(entrant.Clip.Cancelled);
                Admit();
            }
        }
    }

    private StrategyFacts Facts(GenerationPlan plan, bool isPacked) => costs.Facts(plan, networks.AreOnHost, isPacked);

    /// <summary>A clip that wants to begin.</summary>
    private sealed class Entrant(ClipRun clip, StrategyFacts facts)
    {
        public ClipRun Clip => clip;

        public StrategyFacts Facts => facts;

        public TaskCompletionSource<Turn> Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>A clip's turn: its place, or the bytes within which it times strategies.</summary>
    private sealed record Turn(Admission? Admission, long Bytes);

    /// <summary>A clip that runs.</summary>
    /// <param name="gate">Left when this is disposed.</param>
    /// <param name="strategy">How it runs.</param>
    /// <param name="bytes">The memory that it takes.</param>
    public sealed class Admission(StrategyGate gate, Strategy strategy, ClipBytes bytes) : IDisposable
    {
        private int _left;

        public Strategy Strategy => strategy;

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
