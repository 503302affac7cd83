using WanSharp.Engine.Denoising;

namespace WanSharp.Engine.Scheduling;

/// <summary>Keeps snapshots of one clip as often as its caller wants, while steps go on.</summary>
internal sealed class SnapshotKeeper(ClipRun clip)
{
    private long _last = clip.Clock.Time.GetTimestamp();
    private Task _keeping = Task.CompletedTask;

    /// <summary>Takes a snapshot between two steps if it is time for one and the last one is kept.</summary>
    /// <exception cref="Exception">The last snapshot could not be kept.</exception>
    public void Offer(DenoiseState state)
    {
        var (save, clock) = (clip.Options.Save, clip.Clock.Time);
        if (save is null || state.Done || !_keeping.IsCompleted || clock.GetElapsedTime(_last) < clip.Options.SaveInterval)
        {
            return;
        }

#pragma warning disable VSTHRD002 // it has ended
        _keeping.GetAwaiter().GetResult(); // has ended; throws what it failed with
#pragma warning restore VSTHRD002
        _last = clock.GetTimestamp();
        var snapshot = new DenoiseSnapshot(clip.Plan.LatentIdentity, state, clip.Reused);
        _keeping = Task.Run(() => save(snapshot, clip.Cancelled).AsTask());
    }

    /// <summary>Waits for the last snapshot, whatever becomes of the clip; throws what it failed with.</summary>
    public Task FinishAsync() => _keeping;
}
