using WanSharp.Engine.Memory;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// Bounds the clips that hold memory: so many from encoding to their last step, so many more whose frames wait for their
/// writers, and no more than there is memory for beside one clip's work. The rest wait outside, the highest priority first, which
/// rises as in the lanes' queue, then the oldest.
/// </summary>
/// <remarks>Thread-safe. A writer that takes its time holds up nobody's steps until as many clips wait for writers.</remarks>
/// <param name="denoising">Clips from encoding to the last step.</param>
/// <param name="finishing">Clips that are decoded and written.</param>
/// <param name="clock">Tells how long clips wait.</param>
/// <param name="budget">Has the memory that clips hold set aside.</param>
internal sealed class AdmissionGate(int denoising, int finishing, TimeProvider clock, MemoryBudget budget)
{
    private readonly Lock _gate = new();
    private readonly List<(ClipRun Clip, long Since, TaskCompletionSource<MemoryBudget.Reservation> Admitted)> _waiting = [];
    private int _denoising;
    private int _finishing;

    /// <summary>Waits until a clip may begin.</summary>
    /// <returns>The clip's place; disposing it makes room for another clip.</returns>
    public async Task<Place> EnterAsync(ClipRun clip)
    {
        var admitted = new TaskCompletionSource<MemoryBudget.Reservation>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add((clip, clock.GetTimestamp(), admitted));
            Admit();
        }

        using var registration = clip.Cancelled.UnsafeRegister(_ => GiveUp(clip, admitted), null);
        return new Place(this, await admitted.Task.ConfigureAwait(false));
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
        while (_waiting.Count > 0 && _denoising < denoising && _finishing < finishing)
        {
            var now = clock.GetTimestamp();
            var next = _waiting
                .OrderByDescending(waiting => waiting.Clip.PriorityAfter(waiting.Since, now))
                .ThenBy(waiting => waiting.Clip.Order)
                .First();
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

    private void GiveUp(ClipRun clip, TaskCompletionSource<MemoryBudget.Reservation> admitted)
    {
        lock (_gate)
        {
            if (_waiting.RemoveAll(waiting => waiting.Admitted == admitted) > 0)
            {
                admitted.SetCanceled(clip.Cancelled);
            }
        }
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
