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
    private int _denoising;
    private int _finishing;

    /// <summary>Waits until a clip may begin.</summary>
    /// <returns>The clip's place; disposing it makes room for another clip.</returns>
    public async Task<Place> EnterAsync(ClipRun clip)
    {
        var entrant = new Entrant(clip);
        lock (_gate)
        {
            _waiting.Add(clip.RankSince(clock.GetTimestamp()), entrant);
            Admit();
        }

        using var registration = clip.Cancelled.UnsafeRegister(_ => GiveUp(entrant), null);
        return new Place(this, await entrant.Admitted.Task.ConfigureAwait(false));
    }

    private void Change(int denoisingBy, int finishingBy)
    {
        lock (_gate)
        {
            _denoising += denoisingBy;
            _finishing += finishingBy;
            Admit();
        }
    }

    private void Admit()
    {
        while (_denoising < denoising && _finishing < finishing && _waiting.First() is { } next)
        {
            if (
                _denoising + _finishing > 0
                && next.Clip.Bytes.Own + next.Clip.Bytes.Most > budget.LeftBeside(ReservationKind.Weights, ReservationKind.Clip)
            )
            {
                return; // the clips that are there make room; alone it may begin, since it was found to fit alone
            }

            _waiting.Remove(next);
            _denoising++;
            next.Admitted.SetResult(budget.Reserve(ReservationKind.Clip, next.Clip.Bytes.Own));
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

        public TaskCompletionSource<MemoryBudget.Reservation> Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>A clip's place.</summary>
    public sealed class Place(AdmissionGate gate, MemoryBudget.Reservation memory) : IDisposable
    {
        private bool _isFinishing;

        /// <summary>The clip has taken its last step: another one may begin.</summary>
        public void BeginFinishing()
        {
            _isFinishing = true;
            gate.Change(-1, +1);
        }

        public void Dispose()
        {
            memory.Dispose();
            gate.Change(_isFinishing ? 0 : -1, _isFinishing ? -1 : 0);
        }
    }
}
