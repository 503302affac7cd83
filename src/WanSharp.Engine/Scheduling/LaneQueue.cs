using WanSharp.Engine.Memory;

namespace WanSharp.Engine.Scheduling;

/// <summary>The work that waits for a lane, and the choice of what comes next.</summary>
/// <remarks>
/// Thread-safe. The highest priority goes first, and what waits rises by one level every <see cref="WaitingRank.Rise"/>, so that
/// nothing starves. Among equals, what is nearest to the end goes first: it frees memory and keeps writers busy, and what is
/// encoded soon can share the next step. Then the oldest clip. A clip keeps the lane of its first step.
/// </remarks>
/// <param name="batches">How many clips step together, and on how many lanes.</param>
/// <param name="clock">Tells how long work waits.</param>
internal sealed class LaneQueue(BatchSizer batches, TimeProvider clock)
{
    private const string Closed = "The generator was disposed.";

    private static readonly GenerationStage[] Urgency =
    [
        GenerationStage.Enhance,
        GenerationStage.Decode,
        GenerationStage.Encode,
        GenerationStage.Denoise,
    ];

    private readonly object _gate = new(); // waited on, which a Lock cannot be
    private readonly List<LaneWork> _waiting = [];
    private bool _closed;

    /// <summary>Whether a clip waits for its next step.</summary>
    public bool HasSteps
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Exists(work => work is StepWork);
            }
        }
    }

    /// <summary>Adds work; when the queue is closed, it fails at once.</summary>
    public void Add(LaneWork work)
    {
        lock (_gate)
        {
            if (_closed)
            {
                work.Fail(new OperationCanceledException(Closed));
                return;
            }

            work.WaitsSince = clock.GetTimestamp();
            _waiting.Add(work);
            work.Cancelling = work.Clip.Cancelled.UnsafeRegister(_ => GiveUp(work), null); // may do so at once
            Monitor.PulseAll(_gate); // the lane that may take it is among those that wait
        }
    }

    /// <summary>Waits for work and takes what a lane is to compute next: one piece, or the steps of several clips.</summary>
    /// <returns>Null when the queue is closed.</returns>
    public IReadOnlyList<LaneWork>? Take(int lane)
    {
        lock (_gate)
        {
            while (!_closed)
            {
                if (TryTakeNext(lane) is { Count: > 0 } works)
                {
                    return works;
                }

#pragma warning disable RS0030 // a lane has its own thread, which waits for work
                Monitor.Wait(_gate);
#pragma warning restore RS0030
            }

            return null;
        }
    }

    /// <summary>Wakes every lane that waits for work, and fails the work that waits.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _waiting.ForEach(work => work.Fail(new OperationCanceledException(Closed)));
            _waiting.Clear();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Work that is cancelled ends now, not when its turn would come or a lane is free.</summary>
    private void GiveUp(LaneWork work)
    {
        lock (_gate)
        {
            if (_waiting.Remove(work))
            {
                work.Fail(new OperationCanceledException(work.Clip.Cancelled));
            }
        }
    }

    /// <summary>Takes what comes next; if that cannot be decided, what waits fails, and the lane continues.</summary>
    private List<LaneWork> TryTakeNext(int lane)
    {
        try
        {
            _waiting.RemoveAll(work => work.Done.IsCompleted); // failed after it was added
            return TakeNext(lane);
        }
        catch (Exception e)
        {
            _waiting.ForEach(work => work.Fail(e));
            _waiting.Clear();
            return [];
        }
    }

    private List<LaneWork> TakeNext(int lane)
    {
        // Memory for fewer lanes than before keeps only clips without one from a lane: no other would take the clips that have it.
        List<LaneWork> open =
        [
            .. _waiting.Where(work =>
                work is not StepWork step || (step.Lane is { } own ? own == lane : lane < batches.LanesFor(step.Key))
            ),
        ];
        var now = clock.GetTimestamp(); // one for all comparisons: an order must not change while it is made
        open.Sort((a, b) => Compare(a, b, clock, now));
        List<LaneWork> taken = open is [StepWork first, ..] ? [.. Companions(first, open.OfType<StepWork>(), lane)] : [.. open.Take(1)];
        _waiting.RemoveAll(taken.Contains);
        taken.ForEach(work => work.Cancelling.Unregister());
        return taken;
    }

    /// <summary>The clips that take the next step with the first one, itself included.</summary>
    private List<StepWork> Companions(StepWork first, IEnumerable<StepWork> open, int lane)
    {
        var key = first.Key;
        List<StepWork> alike = [.. open.Where(work => key.Equals(work.Key))];

        // Clips without a lane yet are shared out: another lane would stand idle while one computes them all.
        var mine = alike.Count(work => work.Lane == lane);
        var lanes = batches.LanesFor(key);
        var newcomers = (alike.Count - mine + lanes - 1) / lanes;
        var taken = alike.Where(work => work.Lane == lane || newcomers-- > 0).Take(batches.LimitFor(key)).ToList();
        taken.ForEach(work => work.Lane = lane);
        return taken;
    }

    private static int Compare(LaneWork a, LaneWork b, TimeProvider clock, long now)
    {
        var byPriority = b.Rank.RisenPriority(clock, now).CompareTo(a.Rank.RisenPriority(clock, now));
        var byStage = Array.IndexOf(Urgency, a.Stage).CompareTo(Array.IndexOf(Urgency, b.Stage));
        return byPriority != 0 ? byPriority
            : byStage != 0 ? byStage
            : a.Clip.Order.CompareTo(b.Clip.Order);
    }
}
