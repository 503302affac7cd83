using WanSharp.Engine.Memory;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// Bounds the clips that hold memory: those from encoding to their last step, those whose frames wait for their writers, and both by
/// the memory that remains next to one clip's work. The rest wait outside, in the order of <see cref="WaitingRank"/>.
/// </summary>
/// <remarks>Thread-safe. A writer that takes its time holds up nobody's steps until as many clips wait for writers.</remarks>
/// <param name="denoising">Clips from encoding to the last step.</param>
/// <param name="finishing">Clips that are decoded and written.</param>
/// <param name="clock">Tells how long clips wait.</param>
/// <param name="budget">Has the memory that clips hold set aside.</param>
internal sealed class AdmissionGate(int denoising, int finishing, TimeProvider clock, MemoryBudget budget)
{
    private readonly Lock _gate = new();
    private readonly WaitingLine<Entrant> _waiting = new(clock);
    private readonly List<(Admission Place, TaskCompletionSource<MemoryBudget.Reservation> Begun)> _finished = []; // not decoded yet
    private readonly List<Admission> _places = [];

    private int Finishing => _places.Count(place => place.IsFinishing);

    private bool HasRoom => _places.Count - Finishing < denoising && Finishing < finishing;

    /// <summary>Waits until a clip may begin.</summary>
    /// <returns>The clip's place; disposing it makes room for another clip.</returns>
    public async Task<Admission> EnterAsync(ClipRun clip)
    {
        var entrant = new Entrant(clip);
        lock (_gate)
        {
            _waiting.Add(clip.RankSince(clock.GetTimestamp()), entrant);
            Admit();
        }

        using var registration = clip.Cancelled.UnsafeRegister(_ => GiveUp(entrant), null);
        return await entrant.Admitted.Task.ConfigureAwait(false);
    }

    private void Leave(Admission place)
    {
        lock (_gate)
        {
            if (_places.Remove(place))
            {
                Admit();
            }
        }
    }

    /// <summary>
    /// Clips that are to be decoded go first: they end soon, and what they hold is free again. While one waits, no other begins.
    /// </summary>
    private void Admit()
    {
        while (_finished.Count > 0)
        {
            var (place, begun) = _finished[0];
            if (!MayFinish(place))
            {
                return;
            }

            _finished.RemoveAt(0);
            place.IsFinishing = true;
            begun.SetResult(budget.Reserve(ReservationKind.Clip, place.Clip.Bytes.Held));
        }

        while (HasRoom && _waiting.First() is { } next)
        {
            if (
                _places.Count > 0
                && next.Clip.Bytes.Own + next.Clip.Bytes.Most > budget.LeftBeside(ReservationKind.Weights, ReservationKind.Clip)
            )
            {
                return; // the clips that are there make room; alone it may begin, since it was found to fit alone
            }

            _waiting.Remove(next);
            var place = new Admission(this, next.Clip, budget.Reserve(ReservationKind.Clip, next.Clip.Bytes.Own));
            _places.Add(place);
            next.Admitted.SetResult(place);
        }
    }

    /// <summary>
    /// Whether what a clip holds while it is decoded leaves room for the work of every other clip. Where no other is at work, it
    /// always begins.
    /// </summary>
    private bool MayFinish(Admission place)
    {
        var working = _places.Where(other => _finished.TrueForAll(waiting => waiting.Place != other)).ToList();
        var most = working
            .Select(other => other.IsFinishing ? other.Clip.Bytes.Finish : other.Clip.Bytes.Most)
            .Append(place.Clip.Bytes.Finish)
            .Max();
        return working.Count == 0
            || (Finishing < finishing && place.Clip.Bytes.Held + most <= budget.LeftBeside(ReservationKind.Weights, ReservationKind.Clip));
    }

    private async Task BeginFinishingAsync(Admission place)
    {
        var begun = new TaskCompletionSource<MemoryBudget.Reservation>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _finished.Add((place, begun));
            Admit();
        }

        using var registration = place.Clip.Cancelled.UnsafeRegister(_ => GiveUp(place, begun), null);
        place.Held = await begun.Task.ConfigureAwait(false);
    }

    private void GiveUp(Admission place, TaskCompletionSource<MemoryBudget.Reservation> begun)
    {
        lock (_gate)
        {
            if (_finished.RemoveAll(waiting => waiting.Begun == begun) > 0)
            {
                begun.SetCanceled(place.Clip.Cancelled);
                Admit();
            }
        }
    }

    /// <summary>A clip that is cancelled no longer holds up those behind it, which may need less memory.</summary>
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

    /// <summary>A clip that wants to begin.</summary>
    private sealed class Entrant(ClipRun clip)
    {
        public ClipRun Clip => clip;

        public TaskCompletionSource<Admission> Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>A clip's place.</summary>
    /// <param name="gate">What it leaves.</param>
    /// <param name="clip">The clip.</param>
    /// <param name="memory">What the clip holds all the time.</param>
    public sealed class Admission(AdmissionGate gate, ClipRun clip, MemoryBudget.Reservation memory) : IDisposable
    {
        public ClipRun Clip => clip;

        /// <summary>Whether it is decoded and written.</summary>
        public bool IsFinishing { get; set; }

        /// <summary>What it holds while it is decoded.</summary>
        public MemoryBudget.Reservation? Held { get; set; }

        /// <summary>
        /// The clip has taken its last step. Waits until there is room for what it holds while it is decoded; then another one may
        /// begin.
        /// </summary>
        public Task BeginFinishingAsync() => gate.BeginFinishingAsync(this);

        public void Dispose()
        {
            Held?.Dispose();
            memory.Dispose();
            gate.Leave(this);
        }
    }
}
