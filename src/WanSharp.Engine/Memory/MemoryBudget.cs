using WanSharp.Runtime.Memory;

namespace WanSharp.Engine.Memory;

/// <summary>
/// The one place that knows what may be used of the memory: the limits, what is set aside before work begins, and what each
/// part holds.
/// </summary>
/// <remarks>
/// Thread-safe. What is set aside is predicted; what is held is measured. Only caches count as measured, since nothing predicts
/// them.
/// </remarks>
/// <param name="look">What may be used now; null where nothing limits it.</param>
/// <param name="clock">Tells how long work waits. Default: the system's.</param>
internal sealed class MemoryBudget(Func<MemoryAllowance>? look, TimeProvider? clock = null)
{
    private readonly object _gate = new(); // waited on, which a Lock cannot be
    private readonly WaitingLine<object> _waiting = new(clock ?? TimeProvider.System);
    private readonly List<Reservation> _reservations = [];
    private readonly List<(string Name, bool IsCache, Func<long> Bytes)> _parts = [];
    private MemoryAllowance _allowance = look?.Invoke() ?? MemoryAllowance.Unlimited;

    /// <summary>Whether there is a limit.</summary>
    public bool IsLimited => look is not null;

    /// <summary>What choices are based on.</summary>
    public MemoryAllowance Allowance
    {
        get
        {
            lock (_gate)
            {
                return _allowance;
            }
        }
    }

    /// <summary>How many pieces of work wait for memory.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>What was set aside so far.</summary>
    public IReadOnlyList<MemoryHolding> Reserved
    {
        get
        {
            lock (_gate)
            {
                return
                [
                    .. _reservations
                        .GroupBy(one => one.Kind)
                        .Select(kind => new MemoryHolding(NameOf(kind.Key), kind.Sum(one => one.Bytes))),
                ];
            }
        }
    }

    /// <summary>What each part holds.</summary>
    public IReadOnlyList<MemoryHolding> Held
    {
        get
        {
            lock (_gate)
            {
                return [.. _parts.Select(part => new MemoryHolding(part.Name, part.Bytes()))];
            }
        }
    }

    /// <summary>Makes a part known.</summary>
    /// <param name="name">The part, in a few words.</param>
    /// <param name="isCache">Whether it could be given back at any time, and was not foreseen.</param>
    /// <param name="bytes">Says how much it holds, from any thread.</param>
    public void Add(string name, bool isCache, Func<long> bytes)
    {
        lock (_gate)
        {
            _parts.Add((name, isCache, bytes));
        }
    }

    /// <summary>Looks at the memory again, between clips: a change of 0.3 changes what choices are based on.</summary>
    public void LookAgain()
    {
        if (look is null)
        {
            return;
        }

        var now = look();
        lock (_gate)
        {
            var bytes = MemoryBasis.Next(_allowance.Bytes, now.Bytes);
            _allowance = bytes == _allowance.Bytes ? _allowance : now with { Bytes = bytes };
        }
    }

    /// <summary>What is left in addition to everything that is set aside of some kinds, and in addition to caches.</summary>
    public long LeftBeside(params IEnumerable<ReservationKind> kinds)
    {
        lock (_gate)
        {
            return Left(kinds);
        }
    }

    /// <summary>Sets memory aside, whatever is left: for what was chosen to fit.</summary>
    /// <returns>What gives it back when it is disposed.</returns>
    public Reservation Reserve(ReservationKind kind, long bytes)
    {
        lock (_gate)
        {
            var reservation = new Reservation(this, kind, bytes);
            _reservations.Add(reservation);
            return reservation;
        }
    }

    /// <summary>
    /// Waits until there is room for a piece of work next to the work under way, and sets it aside; blocks the thread, which is a
    /// lane's. If no other work is under way it starts at once; a clip that cannot fit by itself was rejected earlier.
    /// </summary>
    /// <param name="bytes">The memory that the work takes.</param>
    /// <param name="rank">Where the work stands: none that ranks after it begins before it, however little it takes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public Reservation WaitForWork(long bytes, WaitingRank rank, CancellationToken cancellationToken)
    {
        using var waking = cancellationToken.UnsafeRegister(_ => Wake(), null); // disposed without the lock, which it takes
        lock (_gate)
        {
            var self = new object();
            _waiting.Add(rank, self);
            try
            {
                while (_waiting.First() != self || !HasRoom(bytes))
                {
                    cancellationToken.ThrowIfCancellationRequested();
#pragma warning disable RS0030 // a lane has its own thread, which waits for memory
                    Monitor.Wait(_gate);
#pragma warning restore RS0030
                }

                return Reserve(ReservationKind.Work, bytes);
            }
            finally
            {
                _waiting.Remove(self);
                Monitor.PulseAll(_gate); // the next one may have room, too
            }
        }
    }

    private bool HasRoom(long bytes) =>
        !_reservations.Exists(one => one is { Kind: ReservationKind.Work, Bytes: > 0 })
        || bytes <= Left([ReservationKind.Weights, ReservationKind.Clip, ReservationKind.Work]);

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private long Left(IEnumerable<ReservationKind> kinds) =>
        _allowance.Bytes
        - _reservations.Where(one => kinds.Contains(one.Kind)).Sum(one => one.Bytes)
        - _parts.Where(part => part.IsCache).Sum(part => part.Bytes());

    private static string NameOf(ReservationKind kind) =>
        kind switch
        {
            ReservationKind.Weights => "weights",
            ReservationKind.Clip => "clips under way",
            _ => "activations",
        };

    /// <summary>Memory that is set aside, until it is disposed.</summary>
    public sealed class Reservation(MemoryBudget budget, ReservationKind kind, long bytes) : IDisposable
    {
        public ReservationKind Kind => kind;

        public long Bytes => bytes;

        public void Dispose()
        {
            lock (budget._gate)
            {
                if (budget._reservations.Remove(this))
                {
                    Monitor.PulseAll(budget._gate);
                }
            }
        }
    }

    /// <summary>
    /// The memory for the activations of all lanes: what the budget has left, or without a budget half of what is free or of what
    /// the runtime may use.
    /// </summary>
    /// <param name="facts">Reads the host's memory.</param>
    /// <param name="runtimeLimit">The most that the runtime may use.</param>
    public Func<long> ForActivations(Func<HostMemoryFacts> facts, long runtimeLimit)
    {
        if (IsLimited)
        {
            return () => LeftBeside(ReservationKind.Weights, ReservationKind.Clip);
        }

        var half = Math.Min(facts().Free, runtimeLimit) / 2;
        return () => half;
    }
}
