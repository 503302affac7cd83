namespace WanSharp.Engine.Scheduling;

/// <summary>The work that waits for a lane, and the choice of what comes next.</summary>
/// <remarks>
/// Thread-safe. The highest priority goes first, and what waits rises by one level every <see cref="Rise"/>, so that
/// nothing starves. Among equals, what is nearest to the end goes first: it frees memory and keeps writers busy, and what is
/// encoded soon can share the next step. Then the oldest.
/// </remarks>
internal sealed class LaneQueue(TimeProvider clock)
{
    /// <summary>Waiting as long as this counts as much as one level of priority.</summary>
    public static readonly TimeSpan Rise = TimeSpan.FromSeconds(30);

    private const string Closed = "The generator was disposed.";

    private static readonly GenerationStage[] Urgency = [GenerationStage.Decode, GenerationStage.Encode, GenerationStage.Denoise];

    private readonly object _gate = new(); // waited on, which a Lock cannot be
    private readonly List<LaneWork> _waiting = [];
    private bool _closed;

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
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits for work and takes what is to be computed next: one piece, or several of one batch key.</summary>
    /// <param name="batchSize">How many pieces like the given one are computed together at most.</param>
    /// <returns>Null when the queue is closed.</returns>
    public IReadOnlyList<LaneWork>? Take(Func<LaneWork, int> batchSize)
    {
        lock (_gate)
        {
            while (!_closed)
            {
                DropCancelled();
                if (_waiting.Count > 0)
                {
                    return TakeFirst(batchSize);
                }

                Monitor.Wait(_gate);
            }

            return null;
        }
    }

    /// <summary>Wakes everybody who waits for work, and fails the work that waits.</summary>
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

    /// <summary>What was given up is told so now, not when its turn would come.</summary>
    private void DropCancelled() => _waiting.RemoveAll(work =>
    {
        var cancelled = work.Clip.Cancelled;
        if (cancelled.IsCancellationRequested)
        {
            work.Fail(new OperationCanceledException(cancelled));
        }

        return cancelled.IsCancellationRequested;
    });

    private List<LaneWork> TakeFirst(Func<LaneWork, int> batchSize)
    {
        _waiting.Sort(Compare);
        var first = _waiting[0];
        List<LaneWork> taken = [first];
        if (first.BatchKey is { } key)
        {
            taken.AddRange(_waiting.Skip(1).Where(work => key.Equals(work.BatchKey)).Take(batchSize(first) - 1));
        }

        _waiting.RemoveAll(taken.Contains);
        return taken;
    }

    private int Compare(LaneWork a, LaneWork b)
    {
        var byPriority = Priority(b).CompareTo(Priority(a));
        var byStage = Array.IndexOf(Urgency, a.Stage).CompareTo(Array.IndexOf(Urgency, b.Stage));
        return byPriority != 0 ? byPriority : byStage != 0 ? byStage : a.Clip.Order.CompareTo(b.Clip.Order);
    }

    private long Priority(LaneWork work) => work.Clip.Options.Priority + (clock.GetElapsedTime(work.WaitsSince).Ticks / Rise.Ticks);
}
